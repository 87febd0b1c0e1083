export const signIn = {
  title: "Sign in",
  email: "E-mail",
  password: "Password",
  submit: "Sign in",
  forgot: "Forgot your password?",
  ended: "Your session has ended. Sign in again.",
  forgotTitle: "Reset your password",
  forgotText: "Enter your address, and we send a link that sets a new password.",
  forgotSubmit: "Send the link",
  forgotDone: "If there is an account with this address, a link is on its way. It works once, for half an hour.",
  forgotHint: "No mail? The server may have no mail service configured: ask its operator.",
  back: "Back to sign in",
  resetTitle: "Set a new password",
  resetSubmit: "Set the password",
  resetDone: "Your password is set, and all your sessions have ended.",
  newPassword: "New password",
  passwordRule: "At least 15 characters. A few words in a row are easy to remember.",
  tooShort: "must have at least 15 characters",
  linkMissing: "This link is not complete. Open it again from the mail.",
  emailMissing: "is missing",
} as const;

export const invitation = {
  title: "Accept the invitation",
  heading: (organization: string) => `Join ${organization}`,
  text: (email: string, role: string) => `You are invited as ${role} with the address ${email}.`,
  name: "Your name",
  password: "Password",
  passwordHint: "If you have an account already, enter its password. Otherwise choose one with at least 15 characters.",
  submit: "Join",
  until: "The invitation ends",
  gone: "This invitation does not work any more",
  goneText: "It was used, withdrawn or replaced by a newer one, or it has expired. Ask for a new one.",
} as const;

export const firstRun = {
  title: "Welcome",
  text: "The server is running, and its database is empty. Make the first organization and its owner on the server's machine:",
  note: "It works once. It prints the owner's password, a management key and an API key, which are not shown again: keep them.",
  container: "In a container, run it inside, with the same configuration as the server.",
  next: "Then sign in here.",
  reload: "I have done that",
} as const;
