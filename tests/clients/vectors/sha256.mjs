// Prints keys with plain SHA-256 hashes by Node's own cryptography. Unkey's are the base64 of that digest, which is also what its
// guide to migration makes with the same call. To repeat: node sha256.mjs > sha256.jsonl
import { createHash } from "node:crypto";

const line = (format, text, encoding) =>
  console.log(JSON.stringify({ format, text, hash: createHash("sha256").update(text).digest(encoding) }));
line("sha256-hex", "shop-9f2c-4eC39HqLyjWDarjtT1zdp", "hex");
line("sha256-hex", "f3b1c2d4-1111-4222-8333-444455556666", "hex");
line("sha256-base64", "pk.1234567890.abcdefghij", "base64");
line("sha256-base64", "another/key+with=signs", "base64url");
line("unkey", "acme_3ZxKbN8vQwRtYuPs", "base64");
line("unkey", "3ZKB4eFJpCNJZZZZZZZZZZ", "base64");
