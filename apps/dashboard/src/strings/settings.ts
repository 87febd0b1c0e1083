export const sessions = {
  title: "Sessions",
  description: "Browsers and programs that are signed in as you.",
  device: "Device",
  address: "Address",
  lastUsed: "Last used",
  started: "Signed in",
  current: "This session",
  end: "End",
  endTitle: "End this session?",
  endText: (device: string) => `${device} is signed out at once.`,
  ended: "The session has ended.",
  unknownDevice: "Unknown device",
  caption: "Your sessions",
} as const;

export const password = {
  title: "Change password",
  description: "Your other sessions end when you change it.",
  current: "Current password",
  next: "New password",
  rule: "At least 15 characters. A few words in a row are easy to remember.",
  submit: "Change password",
  done: "Your password is changed.",
} as const;
