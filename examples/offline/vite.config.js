import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

// The client as it stands in this clone; an application installs the package instead, and needs none of this.
const client = fileURLToPath(new URL("../../clients/typescript/src", import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^@taskward\/client\/(store|tanstack)$/, replacement: `${client}/$1.ts` },
      { find: /^@taskward\/client$/, replacement: `${client}/index.ts` },
    ],
  },
  server: { fs: { allow: ["../.."] } },
});
