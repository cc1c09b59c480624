package main

import (
	"fmt"
	"runtime/debug"
	"strings"
)

// versionText returns the output of the option -version: the version, the revision of the source
// code, and the Go release and platform of the build.
func versionText(version string, info *debug.BuildInfo) string {
	settings := map[string]string{}
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	revision := settings["vcs.revision"]
	switch {
	case revision == "":
		revision = "unknown"
	case settings["vcs.modified"] == "true":
		revision += ", modified"
	}
	return strings.Join([]string{
		"terraform-provider-apify " + version,
		"revision " + revision,
		fmt.Sprintf("%s %s/%s", info.GoVersion, settings["GOOS"], settings["GOARCH"]),
	}, "\n")
}
