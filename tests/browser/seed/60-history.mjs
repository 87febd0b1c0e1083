const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Numbers between 0 and 1 that are the same each time. */
function dice(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** How busy shops are: little at night, less on weekends, a little more each week, and an hour of many refusals a while ago. */
function busy(at) {
  const time = new Date(at);
  const day = Math.max(0.06, Math.sin(((time.getUTCHours() + time.getUTCMinutes() / 60 - 4) / 19) * Math.PI));
  return day * ([0, 6].includes(time.getUTCDay()) ? 0.35 : 1);
}

/**
 * Gives the organization a past, which no call of the API can make: 90 days of usage with the shape of working days, keys and people that
 * are older than a minute, and a key that nobody has used for months.
 */
export async function seed({ sql, me, keys, shipping, bootstrapped, owner }) {
  const organization = me.organization.id;
  const now = Date.now();
  const random = dice(20_261_121);
  const rows = [];
  const month = Date.UTC(new Date(now).getUTCFullYear(), new Date(now).getUTCMonth());
  const taken = { all: 0, [keys.bridge.id]: 0 };
  const count = (minute, key, surface, outcome, expected) => {
    // A call in three minutes is one in one of them.
    const number = Math.floor(expected + random());
    if (outcome === "accepted" && minute >= month) {
      taken.all += number;
      if (key in taken) taken[key] += number;
    }
    if (number >= 1) rows.push(`('${organization}', ${minute}, '${key}', '${surface}', '${outcome}', ${number})`);
  };
  const callers = [
    { id: keys.bridge.id, surface: "verify", perHour: 1900, refused: 0.012 },
    { id: keys.scanner.id, surface: "verify", perHour: 640, refused: 0.004 },
    { id: shipping.id, surface: "resource", perHour: 260, refused: 0.02 },
    { id: bootstrapped.management_key.id, surface: "management", perHour: 34, refused: 0.03 },
  ];
  const add = (minute, hours) => {
    const growth = 1 - (0.4 * (now - minute)) / (90 * DAY);
    for (const { id, surface, perHour, refused } of callers) {
      const calls = perHour * hours * busy(minute) * growth * (0.8 + random() * 0.4);
      const isBurst = id === keys.bridge.id && Math.floor((now - minute) / HOUR) === 7;
      const limited = isBurst ? calls * 0.22 : random() < 0.02 ? calls * 0.05 : 0;
      count(minute, id, surface, "accepted", calls * (1 - refused) - limited);
      count(minute, id, surface, "refused", calls * refused * (0.5 + random()));
      count(minute, id, surface, "limited", limited);
    }
  };
  const recent = Math.floor((now - 30 * HOUR) / HOUR) * HOUR;
  for (let hour = recent - 90 * DAY; hour < recent; hour += HOUR) add(hour, 1);
  // The last minute is what the server counts itself.
  for (let minute = recent; minute < now - 2 * MINUTE; minute += MINUTE) add(minute, 1 / 60);

  const ago = (days) => Math.floor(now - days * DAY);
  const key = (id, made, used) => `UPDATE keys SET created_at = ${ago(made)}, updated_at = ${ago(made)}${used === undefined ? "" : `, last_used_at = ${used === null ? "NULL" : ago(used)}`} WHERE id = '${id}'`;
  const { data: members } = await owner.get("/v1/management/users?limit=50");
  const joined = members.map(({ id }, index) => {
    const at = ago(20 + index * 37);
    return `UPDATE memberships SET created_at = ${at} WHERE user_id = '${id}'; UPDATE users SET created_at = ${at} WHERE id = '${id}'`;
  });
  const script = [
    `INSERT INTO usage_counts VALUES ${rows.join(",\n")} ON CONFLICT DO NOTHING`,
    `UPDATE quotas SET used = used + ${taken.all} WHERE subject = '${organization}' AND period = 'month'`,
    `UPDATE quotas SET used = used + ${taken[keys.bridge.id]} WHERE subject = (SELECT lineage FROM keys WHERE id = '${keys.bridge.id}')`,
    key(keys.former.id, 300, 41),
    `UPDATE keys SET revoked_at = ${ago(40)} WHERE id = '${keys.former.id}'`,
    key(keys.bridge.id, 186),
    key(keys.scanner.id, 96),
    key(keys.partner.id, 240, 127),
    key(keys.terraform.id, 75, 3),
    key(bootstrapped.management_key.id, 305),
    key(shipping.id, 305),
    // Nobody can show those again.
    "DELETE FROM reveals WHERE key_id IN (SELECT id FROM keys WHERE created_at < unixepoch() * 1000 - 3600000)",
    ...joined,
    `UPDATE organizations SET created_at = ${ago(305)}`,
    `UPDATE webhooks SET created_at = ${ago(88)}`,
  ];
  sql(script.join(";\n"));
  return {};
}
