package apify

// GeneralAccess is the level of access that people other than the owner of a dataset, and the users
// it is shared with, have to it:
// https://docs.apify.com/account/collaboration/general-resource-access.
type GeneralAccess string

// The values of GeneralAccess in Apify's OpenAPI document.
const (
	FollowUserSetting     GeneralAccess = "FOLLOW_USER_SETTING"
	Restricted            GeneralAccess = "RESTRICTED"
	AnyoneWithIDCanRead   GeneralAccess = "ANYONE_WITH_ID_CAN_READ"
	AnyoneWithNameCanRead GeneralAccess = "ANYONE_WITH_NAME_CAN_READ"
)

// Ownership selects datasets of the token's account or datasets of other accounts in a list.
type Ownership string

// The values of the query parameter ownership in Apify's OpenAPI document.
const (
	OwnedByMe    Ownership = "ownedByMe"
	SharedWithMe Ownership = "sharedWithMe"
)
