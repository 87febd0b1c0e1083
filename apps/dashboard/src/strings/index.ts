/** Everything that people read, in one place: one file a page, merged here. */
import { audit } from "./audit";
import { calculator } from "./calculator";
import { common } from "./common";
import { hygiene } from "./hygiene";
import { keys } from "./keys";
import { organization } from "./organization";
import { overview } from "./overview";
import { projects } from "./projects";
import { rateSheets } from "./rate-sheets";
import { password, sessions } from "./settings";
import { shell } from "./shell";
import { shipments } from "./shipments";
import { shippingKey } from "./shipping-key";
import { firstRun, invitation, signIn } from "./sign-in";
import { trackers } from "./trackers";
import { usage } from "./usage";
import { users } from "./users";
import { webhooks } from "./webhooks";

export const strings = {
  common,
  shell,
  signIn,
  invitation,
  firstRun,
  overview,
  usage,
  keys,
  hygiene,
  webhooks,
  users,
  audit,
  organization,
  projects,
  shipments,
  trackers,
  rateSheets,
  calculator,
  shippingKey,
  sessions,
  password,
} as const;
