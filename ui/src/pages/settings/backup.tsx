/** What there is to copy, and the commands that do. */

import type { JSX } from "react";
import { ROOT } from "../../api/place";
import { Command } from "../../parts/command";
import { Pairs } from "../../parts/pairs";
import { Told } from "../../parts/told";
import { type About, useLog } from "./data";
import css from "./page.module.css";
import { say } from "./words";

export function Backup({ about }: { about: About | undefined }): JSX.Element {
  const found = useLog();
  const records = found.data && Object.entries(found.data.ends).filter(([name]) => name.startsWith("journal/")).reduce((sum, [, end]) => sum + Number(end), 0);
  return (
    <div className={css["view"]}>
      {found.error !== null && <Told error={found.error} />}
      {found.data !== undefined && (
        <>
          <Pairs
            of={[
              [say("journal"), found.data.journal === "" ? say("noJournal") : <code key="j">{found.data.journal}</code>],
              [say("partitions"), Number(found.data.partitions).toLocaleString()],
              [say("records_in"), Number(records).toLocaleString()],
            ]}
          />
          <section>
            <p>{say("backupSays")}</p>
            <Command line={`refold backup BACKUP --server ${ROOT.href.replace(/\/$/, "")}`} />
          </section>
          <section>
            <p>{say("backupKeys")}</p>
            {about?.data != null && (
              <>
                <p className="soft">{say("sqlCredentials")}</p>
                <Command line={`sqlite3 '${about.data}/credentials.db' ".backup credentials.db"`} />
              </>
            )}
          </section>
        </>
      )}
    </div>
  );
}
