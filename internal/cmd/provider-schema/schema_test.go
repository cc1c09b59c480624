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

func exported(t *testing.T) *tfjson.ProviderSchema {
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

func TestExport_documentsEverything(t *testing.T) {
	t.Parallel()
	p := exported(t)
	blocks := map[string]*tfjson.Schema{"provider": p.ConfigSchema}
	for kind, all := range map[string]map[string]*tfjson.Schema{
		"resource":           p.ResourceSchemas,
		"data source":        p.DataSourceSchemas,
		"ephemeral resource": p.EphemeralResourceSchemas,
		"list resource":      p.ListResourceSchemas,
	} {
		if len(all) == 0 {
			t.Errorf("there is no %s", kind)
		}
		for name, s := range all {
			blocks[kind+" "+name] = s
		}
	}
	for where, s := range blocks {
		if s.Block.Description == "" {
			t.Errorf("%s has no description", where)
		}
		expectDescriptions(t, where, s.Block.Attributes)
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

func expectDescriptions(t *testing.T, where string, attributes map[string]*tfjson.SchemaAttribute) {
	t.Helper()
	for name, a := range attributes {
		if a.Description == "" {
			t.Errorf("%s: %s has no description", where, name)
		}
		if a.AttributeNestedType != nil {
			expectDescriptions(t, where+": "+name, a.AttributeNestedType.Attributes)
		}
	}
}

// What an installed CLI prints has to be here too. It lacks the kinds that are
// newer than itself.
func TestExport_asTheCLI(t *testing.T) {
	t.Parallel()
	p := exported(t)
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var ours map[string]any
	if err := json.Unmarshal(text, &ours); err != nil {
		t.Fatal(err)
	}
	theirs := schemaFromCLI(t)
	for _, kind := range []string{"provider", "resource_schemas", "data_source_schemas"} {
		if theirs[kind] == nil {
			t.Errorf("the CLI prints no %s", kind)
		}
	}
	for kind, schemas := range theirs {
		if !reflect.DeepEqual(ours[kind], schemas) {
			t.Errorf("%s differs: the CLI prints\n%v\nand this command\n%v", kind, schemas, ours[kind])
		}
	}
}

// schemaFromCLI is "terraform providers schema -json" for a build of the provider.
func schemaFromCLI(t *testing.T) map[string]any {
	t.Helper()
	cli := os.Getenv("TF_ACC_TERRAFORM_PATH")
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); cli == "" && err == nil {
			cli = path
		}
	}
	if cli == "" {
		t.Skip("there is neither a terraform nor a tofu on the PATH")
	}

	dir := t.TempDir()
	binary := filepath.Join(dir, "terraform-provider-apify")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/apify/terraform-provider-apify") //nolint:gosec // a temporary directory
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

	command := exec.CommandContext(t.Context(), cli, "providers", "schema", "-json") //nolint:gosec // the CLI that the tests are for
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
	t.Fatalf("there is no provider in %s", out)
	return nil
}

// What export has no use for yet must not be dropped without a word.
func TestConvert_refusesBlocks(t *testing.T) {
	t.Parallel()
	_, err := convert(&tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{
		BlockTypes: []*tfprotov6.SchemaNestedBlock{{TypeName: "timeouts", Block: &tfprotov6.SchemaBlock{}}},
	}})
	if err == nil {
		t.Error("a nested block was accepted")
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
			t.Errorf("%s became %s", want, got)
		}
	}
}
