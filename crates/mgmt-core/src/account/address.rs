//! Postal addresses: the country by ISO 3166-1, state and postal code by the country's rules where it has some.

use serde_json::{Map, Value};

use crate::{
    error::{Error, Faults, REQUIRED, Result},
    text::label,
};

const MAX_LINE: usize = 120;
const MAX_POSTAL_CODE: usize = 16;
/// The members of an address, in the order they are written.
const FIELDS: [&str; 6] = ["street1", "street2", "city", "state_code", "postal_code", "country_code"];

/// ISO 3166-1 alpha-2: the officially assigned codes.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW \
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB \
    GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM \
    KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC \
    NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL \
    SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE \
    YT ZA ZM ZW";

/// States by the codes of ISO 3166-2, for countries whose addresses carry them.
const STATES: &[(&str, &str)] = &[
    (
        "US",
        "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC \
         SD TN TX UT VT VA WA WV WI WY DC AS GU MP PR UM VI AA AE AP",
    ),
    ("CA", "AB BC MB NB NL NS NT NU ON PE QC SK YT"),
    ("AU", "ACT NSW NT QLD SA TAS VIC WA"),
    ("BR", "AC AL AM AP BA CE DF ES GO MA MG MS MT PA PB PE PI PR RJ RN RO RR RS SC SE SP TO"),
    ("DE", "BW BY BE BB HB HH HE MV NI NW RP SL SN ST SH TH"),
    (
        "IN",
        "AN AP AR AS BR CG CH CT DD DH DL GA GJ HP HR JH JK KA KL LA LD MH ML MN MP MZ NL OD OR PB PY RJ SK TG TN TR TS UK UP UT \
         WB",
    ),
    (
        "MX",
        "AGU BCN BCS CAM CHH CHP CMX COA COL DIF DUR GRO GUA HID JAL MEX MIC MOR NAY NLE OAX PUE QUE ROO SIN SLP SON TAB TAM TLA \
         VER YUC ZAC",
    ),
];

/// Forms of postal codes: `#` a digit, `@` a letter, a space or hyphen one that may be left out, anything else itself.
const POSTAL_CODES: &[(&str, &[&str])] = &[
    ("AD", &["AD###"]),
    ("AT BE BG CH CY DK HU LI LU NO NZ PH SI ZA", &["####"]),
    ("AU", &["####"]),
    ("AR", &["####", "@####@@@"]),
    ("BR", &["#####-###"]),
    ("CA", &["@#@ #@#"]),
    ("CL", &["###-####"]),
    ("CN IN RU SG VN KZ RO", &["######"]),
    ("CZ GR SE SK", &["### ##"]),
    ("DE EE ES FI FR HR ID IT KR LT MA MX MY RS SM TH TR TW UA MC GP MQ GF RE", &["#####"]),
    ("GB", &["@# #@@", "@## #@@", "@@# #@@", "@@## #@@", "@#@ #@@", "@@#@ #@@", "GIR 0AA"]),
    ("IE", &["@## ****", "@#W ****"]),
    ("IL", &["#####", "#######"]),
    ("IS", &["###"]),
    ("JP", &["###-####"]),
    ("LV", &["LV-####", "####"]),
    ("NL", &["#### @@"]),
    ("PL", &["##-###"]),
    ("PT", &["####-###"]),
    ("SA", &["#####", "#####-####"]),
    ("US PR GU VI AS MP", &["#####", "#####-####"]),
];

/// A postal address, judged as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Map<String, Value>);

impl Address {
    /// Reads an address from its members; `null` is as good as absent. Codes are put into upper case.
    ///
    /// # Errors
    /// `invalid_request` with a detail for each wrong or unknown member.
    pub fn parse(members: &Map<String, Value>) -> Result<Self> {
        let mut faults = Faults::default();
        for name in members.keys().filter(|name| !FIELDS.contains(&name.as_str())) {
            faults.note(Error::invalid(name.clone(), "is not a member of an address"));
        }
        let mut texts = FIELDS.map(|name| faults.take(text(members, name)).flatten());
        let [_, _, _, state, postal_code, country] = &mut texts;
        for code in [&mut *state, &mut *postal_code, &mut *country].into_iter().flatten() {
            *code = code.to_uppercase();
        }
        match country.as_deref() {
            None => faults.note(Error::invalid("country_code", REQUIRED)),
            Some(country) => {
                faults.take(check_country(country));
                faults.take(state.as_deref().map_or(Ok(()), |state| check_state(country, state)));
                faults.take(postal_code.as_deref().map_or(Ok(()), |code| check_postal_code(country, code)));
            }
        }
        faults.finish()?;
        Ok(Self(FIELDS.iter().zip(texts).map(|(name, text)| ((*name).to_owned(), text.into())).collect()))
    }

    /// Every member, those that are absent as `null`.
    #[must_use]
    pub fn into_object(self) -> Map<String, Value> {
        self.0
    }
}

fn text(members: &Map<String, Value>, name: &str) -> Result<Option<String>> {
    match members.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => label(name, text, MAX_LINE).map(Some),
        Some(_) => Err(Error::invalid(name, "must be a text")),
    }
}

fn check_country(code: &str) -> Result<()> {
    if COUNTRIES.split_ascii_whitespace().any(|known| known == code) {
        return Ok(());
    }
    Err(Error::invalid("country_code", "must be a country code of ISO 3166-1 with two letters, such as `DE`"))
}

fn check_state(country: &str, code: &str) -> Result<()> {
    match STATES.iter().find(|(with_states, _)| *with_states == country) {
        Some((_, states)) if !states.split_ascii_whitespace().any(|known| known == code) => {
            Err(Error::invalid("state_code", format!("must be the code of a state of `{country}`")))
        }
        None if !((1..=3).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric())) => {
            Err(Error::invalid("state_code", "must be a code of ISO 3166-2 without the country: 1 to 3 letters and digits"))
        }
        _ => Ok(()),
    }
}

fn check_postal_code(country: &str, code: &str) -> Result<()> {
    let forms = POSTAL_CODES.iter().find(|(countries, _)| countries.split(' ').any(|c| c == country));
    match forms {
        Some((_, forms)) if !forms.iter().any(|form| has_form(form, code)) => {
            let forms = forms.join("`, `");
            Err(Error::invalid("postal_code", format!("must have the form `{forms}` in `{country}` (# a digit, @ a letter)")))
        }
        None if code.chars().count() > MAX_POSTAL_CODE => {
            Err(Error::invalid("postal_code", format!("must have at most {MAX_POSTAL_CODE} characters")))
        }
        _ => Ok(()),
    }
}

fn has_form(form: &str, code: &str) -> bool {
    let mut rest = code.chars().peekable();
    for wanted in form.chars() {
        let fits = match wanted {
            ' ' | '-' => {
                // Some write it, some do not.
                let _ = rest.next_if_eq(&wanted);
                continue;
            }
            '#' => rest.next_if(char::is_ascii_digit),
            '@' => rest.next_if(char::is_ascii_uppercase),
            '*' => rest.next_if(char::is_ascii_alphanumeric),
            other => rest.next_if_eq(&other),
        };
        if fits.is_none() {
            return false;
        }
    }
    rest.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn parse(value: Value) -> Result<Map<String, Value>> {
        Address::parse(value.as_object().unwrap()).map(Address::into_object)
    }

    fn with(country: &str, state: Option<&str>, postal_code: Option<&str>) -> Result<Map<String, Value>> {
        parse(json!({"country_code": country, "state_code": state, "postal_code": postal_code}))
    }

    #[test]
    fn codes_are_judged_by_the_country() {
        for (country, state, postal_code) in [
            ("US", Some("CA"), Some("94105")),
            ("us", Some("ny"), Some("10001-1234")),
            ("CA", Some("ON"), Some("k1a 0b1")),
            ("CA", Some("QC"), Some("K1A0B1")),
            ("GB", Some("ENG"), Some("SW1A 1AA")),
            ("GB", None, Some("M1 1AE")),
            ("DE", Some("BE"), Some("10115")),
            ("NL", None, Some("1012 AB")),
            ("PL", None, Some("00-950")),
            ("IE", None, Some("D02 X285")),
            ("IE", None, Some("D6W XY00")),
            ("HK", None, None),
            ("AE", Some("DU"), None),
        ] {
            assert!(with(country, state, postal_code).is_ok(), "{country} {state:?} {postal_code:?}");
        }
        for (country, state, postal_code, field) in [
            ("XX", None, None, "country_code"),
            ("USA", None, None, "country_code"),
            ("UK", None, None, "country_code"),
            ("US", Some("ZZ"), None, "state_code"),
            ("US", Some("California"), None, "state_code"),
            ("US", None, Some("9410"), "postal_code"),
            ("US", None, Some("ABCDE"), "postal_code"),
            ("US", None, Some("94105-12"), "postal_code"),
            ("CA", Some("NY"), None, "state_code"),
            ("CA", None, Some("94105"), "postal_code"),
            ("DE", None, Some("1011"), "postal_code"),
            ("FR", Some("Normandie"), None, "state_code"),
        ] {
            let error = with(country, state, postal_code).unwrap_err();
            assert_eq!(error.details().keys().collect::<Vec<_>>(), [field], "{country} {state:?} {postal_code:?}");
        }
    }

    #[test]
    fn every_fault_is_told_and_null_is_absent() {
        let error = parse(json!({"street1": 5, "city": "", "country_code": "US", "state_code": "1", "zip": "1"})).unwrap_err();
        assert_eq!(error.details().len(), 4, "{error:?}");
        assert_eq!(parse(json!({"city": "Berlin"})).unwrap_err().details().keys().next().unwrap(), "country_code");
        let address = parse(json!({"street2": null, "city": " Berlin ", "country_code": "de"})).unwrap();
        assert_eq!(address["city"], "Berlin");
        assert_eq!(address["country_code"], "DE");
        assert_eq!(address.len(), FIELDS.len());
    }

    #[test]
    fn the_tables_name_countries_that_exist() {
        assert_eq!(COUNTRIES.split_ascii_whitespace().count(), 249);
        let named = STATES.iter().map(|(c, _)| *c).chain(POSTAL_CODES.iter().flat_map(|(c, _)| c.split(' ')));
        for country in named {
            assert!(check_country(country).is_ok(), "{country}");
        }
    }

    proptest! {
        #[test]
        fn reading_an_address_twice_changes_nothing(
            street in ".{0,20}", city in "[a-zA-Zé ]{1,12}", state in "[A-Z0-9]{1,3}", code in "[A-Z0-9 -]{1,8}",
            country in "(US|CA|DE|GB|JP|FR|HK)",
        ) {
            let sent = json!({"street1": street, "city": city, "state_code": state, "postal_code": code, "country_code": country});
            if let Ok(address) = parse(sent) {
                prop_assert_eq!(parse(Value::Object(address.clone())).unwrap(), address);
            }
        }
    }
}
