package main

import (
	"debug/buildinfo"
	"runtime/debug"
	"strings"
	"testing"
)

func TestCheckSDK(t *testing.T) {
	built := func(version string) *buildinfo.BuildInfo {
		return &buildinfo.BuildInfo{Deps: []*debug.Module{
			{Path: "example.com/other", Version: "v9.9.9"},
			{Path: "github.com/hashicorp/terraform-plugin-go", Version: version},
		}}
	}
	if err := checkSDK(built("v0.31.0"), built("v0.31.0")); err != nil {
		t.Errorf("equal versions: error is %v, want none", err)
	}
	err := checkSDK(built("v0.32.0"), built("v0.31.0"))
	const command = "`go -C tools/bench get github.com/hashicorp/terraform-plugin-go@v0.32.0`"
	if err == nil || !strings.Contains(err.Error(), command) {
		t.Errorf("different versions: error is %v, want one that contains %s", err, command)
	}
	if err := checkSDK(built("v0.31.0"), &buildinfo.BuildInfo{}); err == nil {
		t.Error("echo provider without the SDK: there is no error, want one")
	}
}
