package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/apify/terraform-provider-apify/internal/provider"
)

// exportProvider returns the schemas of this provider.
func exportProvider(t *testing.T) *tfjson.ProviderSchema {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(provider.New("test")())()
	if err != nil {
		t.Fatal(err)
	}
	schemas, err := export(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	return schemas.Schemas[providerKey]
}

func TestExport_descriptions(t *testing.T) {
	t.Parallel()
	p := exportProvider(t)
	blocks := map[string]*tfjson.Schema{"provider": p.ConfigSchema}
	for kind, all := range map[string]map[string]*tfjson.Schema{
		"resource":           p.ResourceSchemas,
		"data source":        p.DataSourceSchemas,
		"ephemeral resource": p.EphemeralResourceSchemas,
		"list resource":      p.ListResourceSchemas,
	} {
		if len(all) == 0 {
			t.Errorf("the output has no %s", kind)
		}
		for name, s := range all {
			blocks[kind+" "+name] = s
		}
	}
	for address, s := range blocks {
		if s.Block.Description == "" {
			t.Errorf("%s has no description", address)
		}
		expectDescriptions(t, address, s.Block.Attributes)
	}
	for name, s := range p.ResourceIdentitySchemas {
		for attribute, a := range s.Attributes {
			if a.Description == "" {
				t.Errorf("identity of %s: %s has no description", name, attribute)
			}
		}
	}
	if len(p.ResourceIdentitySchemas) != len(p.ResourceSchemas) {
		t.Errorf("%d of %d resources have an identity", len(p.ResourceIdentitySchemas), len(p.ResourceSchemas))
	}
}

func expectDescriptions(t *testing.T, address string, attributes map[string]*tfjson.SchemaAttribute) {
	t.Helper()
	for name, a := range attributes {
		if a.Description == "" {
			t.Errorf("%s: %s has no description", address, name)
		}
		if a.AttributeNestedType != nil {
			expectDescriptions(t, address+": "+name, a.AttributeNestedType.Attributes)
		}
	}
}

// TestExport_matchesCLI compares the output with that of an installed CLI, which lacks the kinds
// that are newer than the CLI.
func TestExport_matchesCLI(t *testing.T) {
	t.Parallel()
	p := exportProvider(t)
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	want := schemaFromCLI(t)
	for _, kind := range []string{"provider", "resource_schemas", "data_source_schemas"} {
		if want[kind] == nil {
			t.Errorf("the output of the CLI has no %s", kind)
		}
	}
	for kind, schemas := range want {
		if !reflect.DeepEqual(got[kind], schemas) {
			t.Errorf("%s: got\n%v\nwant the output of the CLI\n%v", kind, got[kind], schemas)
		}
	}
}

// schemaFromCLI returns the output of "terraform providers schema -json" for a build of the
// provider.
func schemaFromCLI(t *testing.T) map[string]any {
	t.Helper()
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); cli == "" && err == nil {
			cli = path
		}
	}
	if cli == "" {
		t.Skip("neither terraform nor tofu is on the PATH")
	}

	dir := t.TempDir()
	binary := filepath.Join(dir, "terraform-provider-apify")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/apify/terraform-provider-apify") //nolint:gosec // The path is in a temporary directory.
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the provider: %v\n%s", err, out)
	}
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("main.tf", `terraform {
  required_providers {
    apify = { source = "apify/apify" }
  }
}
`)
	config := write("cli.tfrc", fmt.Sprintf(`provider_installation {
  dev_overrides {
    "registry.terraform.io/apify/apify" = %q
    "registry.opentofu.org/apify/apify" = %q
  }
}
`, dir, dir))

	command := exec.CommandContext(t.Context(), cli, "providers", "schema", "-json") //nolint:gosec // The CLI is that of the acceptance tests.
	command.Dir = dir
	command.Env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + dir,
		"SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
		"TF_CLI_CONFIG_FILE=" + config,
		"CHECKPOINT_DISABLE=1",
	}
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", command, err, out)
	}
	var printed struct {
		Schemas map[string]map[string]any `json:"provider_schemas"`
	}
	if err := json.Unmarshal(out, &printed); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, schemas := range printed.Schemas {
		return schemas
	}
	t.Fatalf("the output of the CLI has no provider: %s", out)
	return nil
}

// TestConvert_blocks checks that blocks, which convert does not support, are not omitted silently.
func TestConvert_blocks(t *testing.T) {
	t.Parallel()
	_, err := convert(&tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
		BlockTypes: []*tfprotov6.SchemaNestedBlock{{TypeName: "timeouts", Block: &tfprotov6.SchemaBlock{}}},
	}})
	if err == nil {
		t.Error("got no error for a nested block")
	}
}

func TestConvertType(t *testing.T) {
	t.Parallel()
	for _, typ := range []tftypes.Type{
		tftypes.String,
		tftypes.Bool,
		tftypes.Number,
		tftypes.List{ElementType: tftypes.String},
		tftypes.Map{ElementType: tftypes.Object{AttributeTypes: map[string]tftypes.Type{"a": tftypes.Bool}}},
	} {
		converted, err := convertType(typ)
		if err != nil {
			t.Errorf("%s: %v", typ, err)
			continue
		}
		want, err := json.Marshal(typ)
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(converted)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
