// Prints keys with the hashes that better-auth's own code makes of them. To repeat, in an empty folder:
//   npm install --legacy-peer-deps @better-auth/api-key@1.7.5 better-auth@1.7.5
//   cp …/better_auth.mjs . && node better_auth.mjs > better_auth.jsonl
import { defaultKeyHasher } from "@better-auth/api-key";

for (const text of ["hUzdKvXyWQbLdNqYxZgRtPmSeJfAoCiB", "acme_VfTjKpQzXwNbRmGhLsDyCeUa", "a", "schlüssel-🔑"]) {
  console.log(JSON.stringify({ format: "better-auth", text, hash: await defaultKeyHasher(text) }));
}
