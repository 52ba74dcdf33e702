//! The version decision of a Mailbox POST (Koppeltaal 1.3.5, "optimistic
//! locking"): for every resource of a bundle, whether it is created, gets a new
//! version, keeps its version, passes unversioned, or refuses the message.

/// What a domain and a sender are held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// False below 1.3.5 (sender or domain): only the focal resource counts.
    pub all_resources: bool,
    /// The domain's switch since 1.3.7: false lets wrong versions of non-focal
    /// resources pass.
    pub check_non_focal: bool,
    /// What happens to a version of a resource this server never saw: true
    /// treats it as new (its sender knows it from another server).
    pub adopt_unknown: bool,
}

/// One resource as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent<'a> {
    /// Whether it is the focal resource of the message.
    pub focal: bool,
    /// False for a non-focal entry without a self link: it is not versioned.
    pub identified: bool,
    /// The version in its link.
    pub version: Option<&'a str>,
    /// The digest of its content.
    pub digest: &'a [u8],
}

/// The resource as the domain knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known<'a> {
    /// Its current version.
    pub version: &'a str,
    /// The digest of its current content.
    pub digest: &'a [u8],
}

/// What to do with the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Unknown until now: first version.
    Create,
    /// Unknown until now, though the sender named a version: first version here.
    Adopt,
    /// A new version of a known resource.
    Update,
    /// Same content: the current version stands.
    Keep,
    /// Forwarded as it was sent.
    Unversioned,
    /// The message is refused: a known focal resource came without a version.
    FocalVersionMissing,
    /// The message is refused: the version is not the current one.
    VersionConflict,
}

impl Decision {
    /// Whether this decision refuses the message.
    pub fn refuses(self) -> bool {
        matches!(self, Self::FocalVersionMissing | Self::VersionConflict)
    }

    /// Whether the resource gets the message's stamp as its version.
    pub fn stamps(self) -> bool {
        matches!(self, Self::Create | Self::Adopt | Self::Update)
    }
}

/// The decision table.
pub fn decide(rules: Rules, sent: Sent<'_>, known: Option<Known<'_>>) -> Decision {
    if !sent.focal && (!sent.identified || !rules.all_resources) {
        return Decision::Unversioned;
    }
    match (known, sent.version) {
        (None, None) => Decision::Create,
        (None, Some(_)) if rules.adopt_unknown || (!sent.focal && !rules.check_non_focal) => {
            Decision::Adopt
        }
        (None, Some(_)) => Decision::VersionConflict,
        (Some(_), None) if sent.focal => Decision::FocalVersionMissing,
        (Some(known), Some(version)) if version == known.version => of_current(sent, known),
        (Some(known), None) => of_current(sent, known),
        (Some(known), Some(_)) if !sent.focal && !rules.check_non_focal => of_current(sent, known),
        (Some(_), Some(_)) => Decision::VersionConflict,
    }
}

fn of_current(sent: Sent<'_>, known: Known<'_>) -> Decision {
    if sent.focal || sent.digest != known.digest { Decision::Update } else { Decision::Keep }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules { all_resources: true, check_non_focal: true, adopt_unknown: true };
    const KNOWN: Option<Known<'static>> = Some(Known { version: "2", digest: b"x" });

    fn focal(version: Option<&'static str>) -> Sent<'static> {
        Sent { focal: true, identified: true, version, digest: b"x" }
    }

    fn other(version: Option<&'static str>, digest: &'static [u8]) -> Sent<'static> {
        Sent { focal: false, identified: true, version, digest }
    }

    #[test]
    fn the_table_of_the_standard() {
        use Decision::*;
        let table: &[(Sent<'_>, Option<Known<'_>>, Decision)] = &[
            (focal(None), None, Create),
            (focal(None), KNOWN, FocalVersionMissing),
            (focal(Some("2")), KNOWN, Update),
            (focal(Some("1")), KNOWN, VersionConflict),
            (focal(Some("9")), None, Adopt),
            (other(None, b"x"), None, Create),
            (other(None, b"x"), KNOWN, Keep),
            (other(None, b"y"), KNOWN, Update),
            (other(Some("2"), b"x"), KNOWN, Keep),
            (other(Some("2"), b"y"), KNOWN, Update),
            (other(Some("1"), b"y"), KNOWN, VersionConflict),
            (other(Some("9"), b"x"), None, Adopt),
        ];
        for (sent, known, decision) in table {
            assert_eq!(decide(RULES, *sent, *known), *decision, "{sent:?} against {known:?}");
        }
    }

    #[test]
    fn below_1_3_5_only_the_focal_resource_counts() {
        let rules = Rules { all_resources: false, ..RULES };
        assert_eq!(decide(rules, other(Some("1"), b"y"), KNOWN), Decision::Unversioned);
        assert_eq!(decide(rules, focal(Some("1")), KNOWN), Decision::VersionConflict);
    }

    #[test]
    fn the_domain_switch_lets_stale_non_focal_versions_pass() {
        let rules = Rules { check_non_focal: false, ..RULES };
        assert_eq!(decide(rules, other(Some("1"), b"y"), KNOWN), Decision::Update);
        assert_eq!(decide(rules, other(Some("1"), b"x"), KNOWN), Decision::Keep);
        assert_eq!(decide(rules, focal(Some("1")), KNOWN), Decision::VersionConflict);
    }

    #[test]
    fn unknown_versions_can_be_refused() {
        let rules = Rules { adopt_unknown: false, ..RULES };
        assert_eq!(decide(rules, focal(Some("9")), None), Decision::VersionConflict);
        assert_eq!(decide(rules, other(Some("9"), b"x"), None), Decision::VersionConflict);
        let unchecked = Rules { check_non_focal: false, ..rules };
        assert_eq!(decide(unchecked, other(Some("9"), b"x"), None), Decision::Adopt);
    }

    #[test]
    fn an_entry_without_a_self_link_is_forwarded() {
        let sent = Sent { identified: false, ..other(None, b"x") };
        assert_eq!(decide(RULES, sent, None), Decision::Unversioned);
    }
}
