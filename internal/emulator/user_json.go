package emulator

import "time"

// userJSON is the schema UserPrivateInfo of Apify's OpenAPI document.
type userJSON struct {
	ID                        string                         `json:"id,omitempty"`
	Username                  string                         `json:"username"`
	Profile                   *profileJSON                   `json:"profile,omitempty"`
	Email                     string                         `json:"email,omitempty"`
	Proxy                     proxyJSON                      `json:"proxy"`
	Plan                      planJSON                       `json:"plan"`
	EffectivePlatformFeatures map[string]platformFeatureJSON `json:"effectivePlatformFeatures"`
	CreatedAt                 *timestamp                     `json:"createdAt,omitempty"`
	IsPaying                  bool                           `json:"isPaying"`
}

// publicUserJSON is the schema UserPublicInfo of Apify's OpenAPI document.
type publicUserJSON struct {
	Username string       `json:"username"`
	Profile  *profileJSON `json:"profile"`
}

// localUserJSON is an account of apify/actor-runtime.
type localUserJSON struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}

type profileJSON struct {
	Bio            *string `json:"bio"`
	Name           string  `json:"name"`
	PictureURL     string  `json:"pictureUrl"`
	GithubUsername *string `json:"githubUsername"`
	WebsiteURL     *string `json:"websiteUrl"`
}

type proxyJSON struct {
	Password string           `json:"password"`
	Groups   []proxyGroupJSON `json:"groups"`
}

type proxyGroupJSON struct {
	Name           string `json:"name"`
	Description    string `json:"description"`
	AvailableCount int    `json:"availableCount"`
}

type planJSON struct {
	ID                      string         `json:"id"`
	Description             string         `json:"description"`
	IsEnabled               bool           `json:"isEnabled"`
	MonthlyBasePriceUSD     float64        `json:"monthlyBasePriceUsd"`
	MonthlyUsageCreditsUSD  float64        `json:"monthlyUsageCreditsUsd"`
	EnabledPlatformFeatures []string       `json:"enabledPlatformFeatures"`
	DataRetentionDays       int            `json:"dataRetentionDays"`
	AvailableProxyGroups    map[string]int `json:"availableProxyGroups"`
	Tier                    string         `json:"tier"`
}

type platformFeatureJSON struct {
	IsEnabled          bool    `json:"isEnabled"`
	DisabledReason     *string `json:"disabledReason"`
	DisabledReasonType *string `json:"disabledReasonType"`
	IsTrial            bool    `json:"isTrial"`
	TrialExpirationAt  *string `json:"trialExpirationAt"`
}

// platformFeatures are the features that the OpenAPI document requires.
var platformFeatures = []string{
	"ACTORS", "STORAGE", "SCHEDULER", "PROXY", "PROXY_EXTERNAL_ACCESS", "PROXY_RESIDENTIAL", "PROXY_SERPS", "WEBHOOKS",
	"ACTORS_PUBLIC_ALL", "ACTORS_PUBLIC_DEVELOPER",
}

// newUserJSON returns all that an account's own token can read about the account.
func newUserJSON(user *User) userJSON {
	created := timestamp(time.Date(2022, 11, 29, 14, 48, 29, 381_000_000, time.UTC))
	features := map[string]platformFeatureJSON{}
	for _, feature := range platformFeatures {
		features[feature] = platformFeatureJSON{IsEnabled: true}
	}
	return userJSON{
		ID:       user.ID,
		Username: user.Username,
		Profile:  newProfileJSON(user),
		Email:    user.Username + "@example.com",
		Proxy: proxyJSON{
			Password: user.ProxyPassword,
			Groups:   []proxyGroupJSON{{Name: "DATACENTER", Description: "Shared datacenter proxies", AvailableCount: 5}},
		},
		Plan: planJSON{
			ID:                      "FREE",
			Description:             "Free plan",
			IsEnabled:               true,
			MonthlyUsageCreditsUSD:  5,
			EnabledPlatformFeatures: platformFeatures,
			DataRetentionDays:       7,
			AvailableProxyGroups:    map[string]int{"DATACENTER": 5},
			Tier:                    "FREE",
		},
		EffectivePlatformFeatures: features,
		CreatedAt:                 &created,
	}
}

func newProfileJSON(user *User) *profileJSON {
	return &profileJSON{
		Name:       "User " + user.Username,
		PictureURL: "https://images.example.com/anonymous_user_picture.png",
	}
}
