/** Everything that people read, in one place: `strings.<page>.<word>`. Take it apart by its dots only, or every page loads all words. */
export * as strings from "./all";
