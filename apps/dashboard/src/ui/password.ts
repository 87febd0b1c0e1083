import { strings } from "@/strings";
import { sentence } from "./ErrorAlert";

/** What is wrong with a new password at first sight; the server judges it again, and knows more. */
export function newPassword(text: string): string | null {
  // Counted as the server counts: characters, not UTF-16 units.
  return [...text].length >= 15 ? null : sentence(strings.signIn.tooShort);
}
