/** The published events by what they are about, as clients spell them. What an entry has besides is kept as it is. */
const FAMILIES: Record<string, string> = {
  business_validation_rule: "created updated deleted assignment.created assignment.deleted",
  campaign: `created updated deleted enabled disabled earning_rule.assigned earning_rule.deleted earning_rule.disabled earning_rule.enabled
    earning_rule.updated loyalty_tier.created loyalty_tier.deleted loyalty_tier.updated promotion_stack.created promotion_stack.updated
    promotion_tier.created promotion_tier.deleted promotion_tier.disabled promotion_tier.enabled promotion_tier.updated
    referral_tier.created referral_tier.deleted referral_tier.updated reward.assignment.created reward.assignment.deleted
    reward.assignment.updated vouchers.aded vouchers.generation.completed vouchers.generation.failed vouchers.generation.started`,
  customer: "confirmed created updated deleted rewarded rewarded.loyalty_points",
  publication: "succeeded",
  redemption: "failed succeeded rollback.failed rollback.succeeded",
  voucher: `created deleted disabled enabled published updated gift.balance_aded gift.transaction.created
    loyalty_card.pending_points.activated loyalty_card.pending_points.aded loyalty_card.pending_points.canceled
    loyalty_card.pending_points.updated loyalty_card.points_aded loyalty_card.points_expired loyalty_card.transaction.created`,
};

interface EventGroup {
  group: string;
  items: string[];
}

/** What a picker offers: all published events, those of `own` first under a name of their own. */
export function eventGroups(words: { own: string; groups: Record<string, string> }, own: string[]): EventGroup[] {
  const all = Object.entries(FAMILIES).map(([family, rest]) => ({
    group: words.groups[family] ?? family,
    items: rest
      .split(/\s+/)
      .map((name) => `${family}.${name}`)
      .filter((name) => !own.includes(name)),
  }));
  return own.length > 0 ? [{ group: words.own, items: own }, ...all] : all;
}

/** The entries that are spelt otherwise than they are offered here. */
export function unlisted(entries: readonly string[]): string[] {
  const known = new Set(
    Object.entries(FAMILIES).flatMap(([family, rest]) => rest.split(/\s+/).map((name) => `${family}.${name}`)),
  );
  return entries.filter((entry) => !known.has(entry));
}
