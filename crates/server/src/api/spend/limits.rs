//! How fast a wallet may be spent, as it is sent and shown (spec spend, "Velocity and runaway loops").
use std::{ops::RangeInclusive, time::Duration};

use bellwire_domain::{
    Faults,
    spend::{Limits, Nanos, OnBreach, Repeat, Spike, Watch},
};
use bellwire_wire::UsdNanos;
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::value::RawValue;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        Ref, RefOr,
        schema::{ObjectBuilder, OneOfBuilder, Schema, Type},
    },
};

use crate::api::{money::Money, page::Span};

/// How often equal purchases and how many times the usual spending may be asked for.
const FEW: RangeInclusive<u32> = 2..=1_000;
/// How many purchases a minute may be asked for.
const COUNTS: RangeInclusive<u32> = 1..=1_000_000;

/// Limits, all of them: what is absent is as every wallet has it.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = LimitsForm)]
pub(super) struct LimitsForm {
    /// The most that one purchase may cost; null for no maximum.
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    max_transaction_usd: Money,
    /// The most that may be spent in any minute, from the wallet and all below it; null for no maximum.
    #[serde(default)]
    #[schema(value_type = Option<Money>)]
    max_per_minute_usd: Money,
    /// How many purchases any minute may have, from the wallet and all below it.
    #[schema(minimum = 1, maximum = 1_000_000)]
    max_count_per_minute: Option<u32>,
    // What these are is said by their own schema: beside one that is inline it would pass for an object.
    #[serde(default)]
    #[schema(inline)]
    repeat: RepeatSwitch,
    #[serde(default)]
    #[schema(inline)]
    spike: SpikeSwitch,
    /// `notify`, `freeze` or `deny`; if absent, maxima deny and loops and spikes notify.
    on_breach: Option<String>,
}

/// When equal purchases are a loop: so many of the same amount from the same vendor, within so long.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RepeatForm)]
pub(super) struct RepeatForm {
    /// 20 if absent.
    #[schema(minimum = 2, maximum = 1_000)]
    same_vendor_and_amount: Option<u32>,
    /// `1s` to `1h`; `60s` if absent.
    within: Option<String>,
}

/// When a minute's spending is a spike: more than so many times the median minute, and more than the floor.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SpikeForm)]
pub(super) struct SpikeForm {
    /// 10 if absent.
    #[schema(minimum = 2, maximum = 1_000)]
    ratio: Option<u32>,
    /// 5.00 if absent.
    #[serde(default)]
    floor_usd: Money,
}

/// What is looked for: as usual, not at all, or as set.
#[derive(Debug, Clone, Default)]
pub(super) enum Switch<T> {
    #[default]
    Absent,
    Off,
    Set(T),
}

type RepeatSwitch = Switch<RepeatForm>;
type SpikeSwitch = Switch<SpikeForm>;

impl<'de, T: de::DeserializeOwned> Deserialize<'de> for Switch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let token = Box::<RawValue>::deserialize(deserializer)?;
        match token.get() {
            "null" | "false" => Ok(Self::Off),
            text if text.starts_with('{') => serde_json::from_str(text).map(Self::Set).map_err(de::Error::custom),
            _ => Err(de::Error::custom("must be an object, or null")),
        }
    }
}

impl<T> Switch<T> {
    fn watch<U>(self, set: impl FnOnce(T) -> U) -> Watch<U> {
        match self {
            Self::Absent => Watch::Default,
            Self::Off => Watch::Off,
            Self::Set(form) => Watch::Set(set(form)),
        }
    }
}

/// Null, false, or the form.
impl<T: ToSchema> PartialSchema for Switch<T> {
    fn schema() -> RefOr<Schema> {
        let off = ObjectBuilder::new().schema_type(Type::Boolean).enum_values(Some([false]));
        let none = ObjectBuilder::new().schema_type(Type::Null);
        let either = OneOfBuilder::new().item(none).item(off).item(Ref::from_schema_name(T::name()));
        either.description(Some("Null or false to look for none.")).into()
    }
}

impl<T: ToSchema> ToSchema for Switch<T> {
    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(schemas);
    }
}

impl LimitsForm {
    /// The limits; what is wrong with them is noted.
    pub(super) fn read(self, faults: &mut Faults) -> Limits {
        let max_transaction = self.max_transaction_usd.take_or_none("limits.max_transaction_usd", faults);
        let max_per_minute = self.max_per_minute_usd.take_or_none("limits.max_per_minute_usd", faults);
        let counts = self.max_count_per_minute;
        within(counts, COUNTS, "limits.max_count_per_minute", faults);
        Limits {
            max_transaction: max_transaction.map(nanos),
            max_per_minute: max_per_minute.map(nanos),
            max_count_per_minute: counts,
            repeat: self.repeat.watch(|form| form.read(faults)),
            spike: self.spike.watch(|form| form.read(faults)),
            on_breach: self.on_breach.and_then(|text| faults.take("limits.on_breach", text.parse::<OnBreach>())),
        }
    }
}

impl RepeatForm {
    fn read(self, faults: &mut Faults) -> Repeat {
        within(self.same_vendor_and_amount, FEW, "limits.repeat.same_vendor_and_amount", faults);
        let mut repeat = Repeat::DEFAULT;
        repeat.count = self.same_vendor_and_amount.unwrap_or(repeat.count);
        if let Some(Span(span)) = self.within.and_then(|text| faults.take("limits.repeat.within", text.parse::<Span>()))
        {
            let fits = (Duration::from_secs(1)..=Duration::from_hours(1)).contains(&span);
            faults.check(fits, "limits.repeat.within", "must be 1s to 1h");
            repeat.within_ms = u32::try_from(span.as_millis()).unwrap_or(repeat.within_ms);
        }
        repeat
    }
}

impl SpikeForm {
    fn read(self, faults: &mut Faults) -> Spike {
        within(self.ratio, FEW, "limits.spike.ratio", faults);
        let floor = self.floor_usd.take("limits.spike.floor_usd", faults).map_or(Spike::DEFAULT.floor, nanos);
        Spike { ratio: self.ratio.unwrap_or(Spike::DEFAULT.ratio), floor }
    }
}

fn within(number: Option<u32>, range: RangeInclusive<u32>, field: &str, faults: &mut Faults) {
    let detail = format_args!("must be {} to {}", range.start(), range.end());
    faults.check(number.is_none_or(|number| range.contains(&number)), field, detail);
}

const fn nanos(amount: UsdNanos) -> Nanos {
    Nanos(amount.nanos())
}

/// The limits that are in force.
#[derive(Serialize, ToSchema)]
#[schema(as = Limits)]
pub(super) struct LimitsView {
    max_transaction_usd: Option<UsdNanos>,
    max_per_minute_usd: Option<UsdNanos>,
    max_count_per_minute: Option<u32>,
    /// Null if no loops are looked for.
    repeat: Option<RepeatView>,
    /// Null if no spikes are looked for.
    spike: Option<SpikeView>,
    /// Null if maxima deny and loops and spikes notify.
    on_breach: Option<&'static str>,
}

/// When equal purchases are a loop.
#[derive(Serialize, ToSchema)]
#[schema(as = Repeat)]
struct RepeatView {
    same_vendor_and_amount: u32,
    within: String,
}

/// When a minute's spending is a spike.
#[derive(Serialize, ToSchema)]
#[schema(as = Spike)]
struct SpikeView {
    ratio: u32,
    floor_usd: UsdNanos,
}

impl LimitsView {
    pub(super) fn new(limits: &Limits) -> Self {
        let usd = |nanos: Nanos| UsdNanos::from_nanos(nanos.0);
        Self {
            max_transaction_usd: limits.max_transaction.map(usd),
            max_per_minute_usd: limits.max_per_minute.map(usd),
            max_count_per_minute: limits.max_count_per_minute,
            repeat: limits.repeat.or(Repeat::DEFAULT).map(|repeat| RepeatView {
                same_vendor_and_amount: repeat.count,
                within: match (repeat.within_ms / 1_000, repeat.within_ms % 1_000) {
                    (seconds, 0) => format!("{seconds}s"),
                    _ => format!("{}ms", repeat.within_ms),
                },
            }),
            spike: limits
                .spike
                .or(Spike::DEFAULT)
                .map(|spike| SpikeView { ratio: spike.ratio, floor_usd: usd(spike.floor) }),
            on_breach: limits.on_breach.map(OnBreach::as_str),
        }
    }
}
