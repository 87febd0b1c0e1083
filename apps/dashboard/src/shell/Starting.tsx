import { Loader } from "@mantine/core";
import { strings } from "@/strings";
import classes from "./Shell.module.css";

/** While the session or a page's code is fetched. */
export function Starting() {
  return (
    <div className={classes.center} role="status" aria-label={strings.shell.starting}>
      <Loader size="sm" type="dots" />
    </div>
  );
}
