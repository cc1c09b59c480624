package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCheck type-checks a module whose tests, and whose code, fit only into 64 bits.
func TestCheck(t *testing.T) {
	const constant = "package p\n\nconst size int = 1 << 40\n"
	for _, test := range []struct {
		name, platform string
		files          map[string]string
		want           string // in the error; empty for none
	}{
		{"64 bits", "linux_arm64", map[string]string{"p.go": constant}, ""},
		{"32 bits", "linux_386", map[string]string{"p.go": constant}, "(overflows)"},
		{"32 bits, in a test", "windows_386", map[string]string{"p.go": "package p\n", "p_test.go": constant}, "(overflows)"},
		{"another system", "windows_amd64", map[string]string{"p.go": "package p\n", "p_linux.go": constant + "var _ = missing\n"}, ""},
		{"missing function of the system", "windows_amd64", map[string]string{
			"p.go": "package p\n\nimport \"syscall\"\n\nvar _ = syscall.Fork\n"}, "undefined: syscall.Fork"},
		{"an unused import", "freebsd_arm", map[string]string{"p.go": "package p\n\nimport \"os\"\n"}, "imported and not used"},
		{"an unknown platform", "plan10_386", map[string]string{"p.go": "package p\n"}, "plan10"},
		{"no platform", "linux", nil, "is not GOOS_GOARCH"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string]string{"go.mod": "module example.com/p\n\ngo 1.26.0\n"}
			for name, content := range test.files {
				files[name] = content
			}
			for name, content := range files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			errs, err := check(dir, test.platform)
			if err != nil {
				errs = append(errs, err)
			}
			var all []string
			for _, err := range errs {
				all = append(all, err.Error())
			}
			if got := strings.Join(all, "\n"); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
