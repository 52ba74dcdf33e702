//! Every URL and code that Koppeltaal 1.3 gives a meaning to, in one place.

/// Prefix of all Koppeltaal URLs.
pub const NAMESPACE: &str = "http://ggz.koppeltaal.nl/fhir/Koppeltaal/";

macro_rules! koppeltaal {
    ($name:literal) => {
        concat!("http://ggz.koppeltaal.nl/fhir/Koppeltaal/", $name)
    };
}

/// The eight events a message can have.
pub const EVENTS: [&str; 8] = [
    "CreateOrUpdatePatient",
    "CreateOrUpdatePractitioner",
    "CreateOrUpdateRelatedPerson",
    "CreateOrUpdateCarePlan",
    "UpdateCarePlanActivityStatus",
    "CreateOrUpdateCarePlanActivityResult",
    "CreateOrUpdateUserMessage",
    CREATE_OR_UPDATE_ACTIVITY_DEFINITION,
];

/// The event the server itself sends when an ActivityDefinition was published.
pub const CREATE_OR_UPDATE_ACTIVITY_DEFINITION: &str = "CreateOrUpdateActivityDefinition";

/// Code systems.
pub mod system {
    /// Of `MessageHeader.event`.
    pub const MESSAGE_EVENTS: &str = koppeltaal!("MessageEvents");
    /// Of the code of an `Other`.
    pub const OTHER_RESOURCE_USAGE: &str = koppeltaal!("OtherResourceUsage");
    /// Of the processing status.
    pub const PROCESSING_STATUS: &str = koppeltaal!("ProcessingStatus");
    /// Of the kind of an ActivityDefinition.
    pub const ACTIVITY_KIND: &str = koppeltaal!("ActivityKind");
    /// Of its default performer.
    pub const ACTIVITY_PERFORMER: &str = koppeltaal!("ActivityPerformer");
    /// Of the type of a Device that is an application.
    pub const DEVICE_KIND: &str = koppeltaal!("DeviceKind");
    /// Of the roles of an application.
    pub const APPLICATION_ROLES: &str = koppeltaal!("ApplicationRoles");
    /// Of the type of an issue in an OperationOutcome.
    pub const ISSUE_TYPE: &str = "http://hl7.org/fhir/issue-type";
}

/// Tags of a feed.
pub mod tag {
    /// Scheme of the domain tag.
    pub const SECURITY_SCHEME: &str = "http://hl7.org/fhir/tag/security";
    /// Scheme of the other tags.
    pub const SCHEME: &str = "http://hl7.org/fhir/tag";
    /// Scheme of the profile tag.
    pub const PROFILE_SCHEME: &str = "http://hl7.org/fhir/tag/profile";
    /// Term that says that the feed is a message.
    pub const MESSAGE: &str = "http://hl7.org/fhir/tag/message";
    /// Term of the domain tag up to the name of the domain.
    pub const DOMAIN_PREFIX: &str = koppeltaal!("Domain#");
    /// Term that asks to check a message and not to process it.
    pub const VALIDATE_ONLY: &str = koppeltaal!("ValidateOnly");
}

/// Extensions of a MessageHeader.
pub mod message_header {
    /// The patient the message is about.
    pub const PATIENT: &str = koppeltaal!("MessageHeader#Patient");
    /// The processing status with its parts.
    pub const PROCESSING_STATUS: &str = koppeltaal!("MessageHeader#ProcessingStatus");
    /// Its code.
    pub const STATUS: &str = koppeltaal!("MessageHeader#ProcessingStatusStatus");
    /// When it last changed.
    pub const STATUS_LAST_CHANGED: &str =
        koppeltaal!("MessageHeader#ProcessingStatusStatusLastChanged");
    /// Why processing failed.
    pub const STATUS_EXCEPTION: &str = koppeltaal!("MessageHeader#ProcessingStatusException");
    /// Was the body removed?
    pub const IS_EXPIRED: &str = koppeltaal!("MessageHeader#IsExpired");
    /// An older spelling of [`IS_EXPIRED`] in a design document.
    pub const IS_EXPIRED_OLD: &str = koppeltaal!("Profile/MessageHeader#IsExpired");
}

/// Extensions of an `Other` that is an ActivityDefinition.
pub mod activity_definition {
    /// The application that offers it.
    pub const APPLICATION: &str = koppeltaal!("ActivityDefinition#Application");
    /// Its name.
    pub const NAME: &str = koppeltaal!("ActivityDefinition#ActivityName");
    /// Its identifier, unique in a domain.
    pub const IDENTIFIER: &str = koppeltaal!("ActivityDefinition#ActivityDefinitionIdentifier");
    /// Its description.
    pub const DESCRIPTION: &str = koppeltaal!("ActivityDefinition#ActivityDescription");
    /// What kind of activity it is.
    pub const KIND: &str = koppeltaal!("ActivityDefinition#ActivityKind");
    /// Who performs it by default.
    pub const DEFAULT_PERFORMER: &str = koppeltaal!("ActivityDefinition#DefaultPerformer");
    /// May it be assigned?
    pub const IS_ACTIVE: &str = koppeltaal!("ActivityDefinition#IsActive");
    /// Is it offered in one domain only?
    pub const IS_DOMAIN_SPECIFIC: &str = koppeltaal!("ActivityDefinition#IsDomainSpecific");
    /// How it is launched.
    pub const LAUNCH_TYPE: &str = koppeltaal!("ActivityDefinition#LaunchType");
    /// Was it archived, which takes the place of deleting?
    pub const IS_ARCHIVED: &str = koppeltaal!("ActivityDefinition#IsArchived");
    /// A part of it.
    pub const SUB_ACTIVITY: &str = koppeltaal!("ActivityDefinition#SubActivity");
    /// What a table of the standard prints instead of [`SUB_ACTIVITY`]; read, never written.
    pub const SUB_ACTIVITY_MISPRINT: &str = koppeltaal!("CarePlan#SubActivity");
    /// Name of a part.
    pub const SUB_ACTIVITY_NAME: &str = koppeltaal!("ActivityDefinition#SubActivityName");
    /// Identifier of a part.
    pub const SUB_ACTIVITY_IDENTIFIER: &str =
        koppeltaal!("ActivityDefinition#SubActivityIdentifier");
    /// Description of a part.
    pub const SUB_ACTIVITY_DESCRIPTION: &str =
        koppeltaal!("ActivityDefinition#SubActivityDescription");
    /// Is the part active?
    pub const SUB_ACTIVITY_IS_ACTIVE: &str = koppeltaal!("ActivityDefinition#SubActivityIsActive");
    /// System of the deprecated `identifier` that repeats [`IDENTIFIER`].
    pub const IDENTIFIER_SYSTEM: &str =
        koppeltaal!("Profile/ActivityDefinition#ActivityDefinitionIdentifier");
}

/// Extensions of an `Other` that is a CarePlanActivityStatus.
pub mod care_plan_activity_status {
    /// The identifier of the activity.
    pub const ACTIVITY: &str = koppeltaal!("CarePlanActivityStatus#Activity");
    /// Its status.
    pub const ACTIVITY_STATUS: &str = koppeltaal!("CarePlanActivityStatus#ActivityStatus");
    /// A part of the activity.
    pub const SUB_ACTIVITY: &str = koppeltaal!("CarePlanActivityStatus#SubActivity");
    /// How far it is.
    pub const PERCENTAGE_COMPLETED: &str =
        koppeltaal!("CarePlanActivityStatus#PercentageCompleted");
}

/// Extensions of a CarePlan.
pub mod care_plan {
    /// Identifier of an activity, to which launch and status refer.
    pub const ACTIVITY_IDENTIFIER: &str = koppeltaal!("CarePlan#ActivityIdentifier");
    /// Identifier of the ActivityDefinition of an activity.
    pub const ACTIVITY_DEFINITION: &str = koppeltaal!("CarePlan#ActivityDefinition");
    /// Status of an activity.
    pub const ACTIVITY_STATUS: &str = koppeltaal!("CarePlan#ActivityStatus");
    /// Care team of a participant.
    pub const PARTICIPANT_CARE_TEAM: &str = koppeltaal!("CarePlan#ParticipantCareTeam");
    /// A participant of an activity.
    pub const PARTICIPANT: &str = koppeltaal!("CarePlan#Participant");
    /// Who that is.
    pub const PARTICIPANT_MEMBER: &str = koppeltaal!("CarePlan#ParticipantMember");
    /// In which role.
    pub const PARTICIPANT_ROLE: &str = koppeltaal!("CarePlan#ParticipantRole");
}

/// Extensions of a UserMessage.
pub mod user_message {
    /// Who wrote it.
    pub const FROM: &str = koppeltaal!("UserMessage#From");
    /// For whom it is.
    pub const TO: &str = koppeltaal!("UserMessage#To");
    /// What kind of message it is.
    pub const MESSAGE_KIND: &str = koppeltaal!("UserMessage#MessageKind");
    /// Its subject.
    pub const SUBJECT: &str = koppeltaal!("UserMessage#SubjectString");
    /// Its content.
    pub const CONTENT: &str = koppeltaal!("UserMessage#Content");
    /// What it is about.
    pub const CONTEXT: &str = koppeltaal!("UserMessage#Context");
}

/// Extensions of an `Other` that is a StorageItem.
pub mod storage_item {
    /// Media type of the content.
    pub const CONTENT_TYPE: &str = koppeltaal!("StorageItem#ContentType");
    /// The content, base64.
    pub const CONTENT: &str = koppeltaal!("StorageItem#Content");
    /// The patient it is about.
    pub const PATIENT_IDENTIFIER: &str = koppeltaal!("StorageItem#PatientIdentifier");
    /// Type of the object it belongs to.
    pub const OBJECT_TYPE: &str = koppeltaal!("StorageItem#ObjectType");
    /// Key of the object it belongs to.
    pub const OBJECT_KEY: &str = koppeltaal!("StorageItem#ObjectKey");
    /// When it last changed.
    pub const LAST_MODIFIED: &str = koppeltaal!("StorageItem#LastModified");
    /// Identifier of the application that stored it; the server says so.
    pub const APPLICATION_IDENTIFIER: &str = koppeltaal!("StorageItem#ApplicationIdentifier");
    /// Name of the domain it is in; the server says so.
    pub const DOMAIN_NAME: &str = koppeltaal!("StorageItem#DomainName");
}

/// Extension of a Device: the roles of the application.
pub const APPLICATION_ROLES: &str = koppeltaal!("Application#ApplicationRoles");

/// Extension of an issue: the resource it is about.
pub const ISSUE_RESOURCE: &str = koppeltaal!("OperationOutcome#IssueResource");
