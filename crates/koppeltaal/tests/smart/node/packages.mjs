// The npm packages of package.json, as `./test` installs them outside the source
// tree: an `import` by name would look for them next to this file.
import path from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.env.KOPPELTAAL_TEST_NODE_MODULES;
if (!folder) {
  throw new Error("KOPPELTAAL_TEST_NODE_MODULES must name the installed packages; `./test` sets it");
}

/** The path of a file of a package. */
export const packaged = (file) => path.join(folder, file);

/** A module of a package. */
export const load = (file) => import(pathToFileURL(packaged(file)));
