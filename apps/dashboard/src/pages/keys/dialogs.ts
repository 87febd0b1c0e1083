// What the pages of keys need only when somebody does something, in one file. Who makes a key has fetched what shows it.
export { CreateKey } from "./CreateKey";
export { KeyDialogs } from "./KeyDialogs";
export { ShownSecret } from "./ShownSecret";
