package main

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// newDist writes the files of a release with a zip for each platform, and returns their directory.
func newDist(t *testing.T, number string, platforms ...string) string {
	t.Helper()
	dist := t.TempDir()
	var sums strings.Builder
	for _, platform := range platforms {
		name := project + "_" + number + "_" + platform + ".zip"
		writeZip(t, filepath.Join(dist, name), project+"_v"+number, "binary for "+platform)
		sums.WriteString(checksum(t, filepath.Join(dist, name)) + "  " + name + "\n")
	}
	if err := os.WriteFile(filepath.Join(dist, project+"_"+number+"_SHA256SUMS"), []byte(sums.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return dist
}

// checksum returns the SHA-256 checksum of a file.
func checksum(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path) //nolint:gosec // below t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func writeZip(t *testing.T, path, name, content string) {
	t.Helper()
	f, err := os.Create(path) //nolint:gosec // below t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	w := zip.NewWriter(f)
	entry, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

func readJSON(t *testing.T, path string, to any) {
	t.Helper()
	content, err := os.ReadFile(path) //nolint:gosec // below t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, to); err != nil {
		t.Fatal(err)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	out := t.TempDir()
	for _, number := range []string{"0.1.0", "0.2.0"} {
		if err := run(newDist(t, number, "linux_386", "windows_amd64"), out); err != nil {
			t.Fatal(err)
		}
	}
	for _, registry := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		dir := filepath.Join(out, registry, "apify", "apify")
		var all map[string]map[string]map[string]any
		readJSON(t, filepath.Join(dir, "index.json"), &all)
		if want := map[string]map[string]map[string]any{"versions": {"0.1.0": {}, "0.2.0": {}}}; !reflect.DeepEqual(all, want) {
			t.Errorf("%s: index.json is %v", registry, all)
		}
		var release version
		readJSON(t, filepath.Join(dir, "0.1.0.json"), &release)
		want := version{Archives: map[string]archive{}}
		// h1 is the Base64 of the SHA-256 checksum of the line that sha256sum prints for the file
		// in the zip. It was computed with sha256sum.
		for platform, h1 := range map[string]string{
			"linux_386":     "h1:ETjZ1faaMMHF5vbrT92cFw35wdbDcXuWGntAnIR9zwI=",
			"windows_amd64": "h1:R+Wxvn8Pb1NAVt/Q/s3Zz6Lxt+Y5X+/zasmYcpmc4fU=",
		} {
			name := project + "_0.1.0_" + platform + ".zip"
			want.Archives[platform] = archive{URL: name, Hashes: []string{h1, "zh:" + checksum(t, filepath.Join(dir, name))}}
		}
		if !reflect.DeepEqual(release, want) {
			t.Errorf("%s: 0.1.0.json is %v, want %v", registry, release, want)
		}
	}
}

func TestRun_errors(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		spoil func(t *testing.T, dist string)
		want  string
	}{
		{"no checksums", func(t *testing.T, dist string) {
			remove(t, filepath.Join(dist, project+"_0.1.0_SHA256SUMS"))
		}, "contains 0 files terraform-provider-apify_VERSION_SHA256SUMS"},
		{"no zip", func(t *testing.T, dist string) {
			remove(t, filepath.Join(dist, project+"_0.1.0_linux_386.zip"))
		}, "contains no zip of version 0.1.0"},
		{"changed zip", func(t *testing.T, dist string) {
			writeZip(t, filepath.Join(dist, project+"_0.1.0_linux_386.zip"), project, "another binary")
		}, "but the release lists"},
		{"additional zip", func(t *testing.T, dist string) {
			writeZip(t, filepath.Join(dist, project+"_0.1.0_plan9_386.zip"), project, "binary")
		}, `but the release lists ""`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dist, out := newDist(t, "0.1.0", "linux_386"), t.TempDir()
			test.spoil(t, dist)
			if err := run(dist, out); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got the error %v, want %q", err, test.want)
			}
			if files, err := os.ReadDir(out); err != nil || len(files) > 0 {
				t.Errorf("the mirror contains %v, %v", files, err)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}
