import type { ApprovalMethods } from './api/approvals.js';
import type { Decimal } from './decimal.js';
import type * as m from './generated/models.js';

/** How people are asked. */
export interface AskForm {
  timeout?: string | undefined;
  approvers?: string[] | undefined;
  quorum?: number | undefined;
  channels?: string[] | undefined;
}

/** Rules of a policy, under the names that the API has for them. */
export interface PolicyRules {
  /** Denies above. */
  max_transaction_usd?: Decimal | undefined;
  /** Denies what would bring the day's total above. */
  daily_cap_usd?: Decimal | undefined;
  /** Denies what would bring the month's total above. */
  monthly_cap_usd?: Decimal | undefined;
  /** Names that are allowed or denied; `*` stands for any characters. */
  vendors?: { allow?: string[]; deny?: string[] };
  categories?: { allow?: string[]; deny?: string[] };
  /** Asks people above. */
  require_approval_above_usd?: Decimal | undefined;
  /** Denies a blank `description`. */
  require_justification?: boolean | undefined;
  /** Outside of them denies, or asks with `then` or `approval`. */
  hours?: { days?: string[]; from?: string; to?: string; tz?: string };
  /** A condition in CEL. */
  when?: string | undefined;
  /** What is done if `when` is met, or outside of `hours`. */
  then?: 'allow' | 'deny' | 'require_approval' | undefined;
  /** How people are asked by these rules. */
  approval?: AskForm | undefined;
}

/** What is said of a policy beside its rules. */
export interface PolicyOptions {
  /** `default` if absent. */
  name?: string | undefined;
  /** What is done where no rule says anything; `allow` if absent. */
  default?: 'allow' | 'deny' | undefined;
  agents?: string[] | undefined;
  namespaces?: string[] | undefined;
  namespace?: string | undefined;
}

/** What may be bought without asking, with asking, and not at all. */
export class Policy {
  readonly rules: readonly PolicyRules[];

  constructor(
    rules: PolicyRules | readonly PolicyRules[],
    readonly options: PolicyOptions = {},
  ) {
    this.rules = Array.isArray(rules) ? [...rules] : [rules as PolicyRules];
  }

  /** As the API takes it. */
  form(): m.PolicyForm {
    return {
      ...this.options,
      name: this.options.name ?? 'default',
      rules: this.rules.map((rule) => ({ ...rule })),
    };
  }

  /** As the API takes it to change a saved one: what nothing was said of is left out, and stays. */
  change(): m.PolicyChange {
    return {
      ...this.options,
      rules: this.rules.map((rule) => ({ ...rule })),
      default: this.options.default ?? 'allow',
    };
  }
}

/** Saves a policy, asks what it would say, and tries others in its place. */
export class PolicyEngine {
  #saved: m.Policy | null = null;

  constructor(
    private readonly client: ApprovalMethods,
    /** A policy to save, or the id of one that is saved. */
    private readonly source: Policy | string,
  ) {}

  /** The policy's id. Throws if it was not saved. */
  get policyId(): string {
    const id = typeof this.source === 'string' ? this.source : this.#saved?.id;
    if (!id) throw new TypeError('the policy is not saved yet: call `save()` first');
    return id;
  }

  /**
   * Saves the policy: makes it, and from then on makes new versions of it. What a saved one is attached to
   * stays as it is, unless `agents` or `namespaces` of the options say otherwise; so does its name.
   */
  async save(policy?: Policy): Promise<m.Policy> {
    const wanted = policy ?? this.source;
    if (typeof wanted === 'string') throw new TypeError('pass the policy that is to be saved');
    const known = typeof this.source === 'string' ? this.source : this.#saved?.id;
    this.#saved = known
      ? await this.client.updatePolicy(known, this.#change(wanted))
      : await this.client.createPolicy(wanted.form());
    return this.#saved;
  }

  /** The namespace that a policy is in is for ever: named again as it is, it is no change. */
  #change(policy: Policy): m.PolicyChange {
    const { namespace, ...change } = policy.change();
    const same = namespace === undefined || namespace === this.#saved?.namespace;
    return same ? change : { ...change, namespace };
  }

  /** What it would say of a request that is made up; `candidate` in its place, if given. Nothing is written. */
  evaluate(request: m.PolicyEvaluate, candidate?: Policy): Promise<m.PolicyDecision> {
    return this.client.evaluatePolicy(this.policyId, { ...inPlace(candidate), ...request });
  }

  /** What it, or `candidate`, would have made of what was asked for since. Nothing is written. */
  replay(form: m.PolicyReplay, candidate?: Policy): Promise<m.PolicyReport> {
    return this.client.replayPolicy(this.policyId, { ...inPlace(candidate), ...form });
  }
}

function inPlace(candidate?: Policy) {
  if (!candidate) return {};
  const form = candidate.form();
  return { rules: form.rules, ...(form.default ? { default: form.default } : {}) };
}
