package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// Examples write a URL to HashiCorp Vault. The tests cannot download Vault's provider, so they
// replace it with a stub that has only the resource vault_kv_secret_v2, with the arguments that the
// examples use: https://registry.terraform.io/providers/hashicorp/vault/latest/docs/resources/kv_secret_v2
// A command under the name of that provider, which is a link to the test binary, serves the stub.

// vaultProviderName is the name of the command of Vault's provider, without a version.
const vaultProviderName = "terraform-provider-vault"

// serveVaultProvider serves the stub if this process was started as Vault's provider, and reports
// whether it was.
func serveVaultProvider() (bool, error) {
	if !strings.HasPrefix(filepath.Base(os.Args[0]), vaultProviderName) {
		return false, nil
	}
	return true, tf6server.Serve("registry.terraform.io/hashicorp/vault", providerserver.NewProtocol6(vaultProvider{}))
}

// linkVaultProvider creates a command that serves the stub.
func linkVaultProvider(t *testing.T, name string) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary, name); err != nil {
		t.Fatal(err)
	}
}

// vault is a server with the key/value API of Vault that the stub uses. It contains the secrets by
// mount and name, such as "secret/name".
type vault struct {
	*httptest.Server
	mu      sync.Mutex
	secrets map[string]map[string]string
	writes  int
}

const vaultToken = "vault-token"

func newVault(t *testing.T) *vault {
	t.Helper()
	v := &vault{secrets: map[string]map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/{mount}/data/{name}", func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Data map[string]string `json:"data"`
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Header.Get("X-Vault-Token") != vaultToken {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		v.mu.Lock()
		defer v.mu.Unlock()
		v.secrets[r.PathValue("mount")+"/"+r.PathValue("name")] = body.Data
		v.writes++
	})
	mux.HandleFunc("DELETE /v1/{mount}/data/{name}", func(_ http.ResponseWriter, r *http.Request) {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.secrets, r.PathValue("mount")+"/"+r.PathValue("name"))
	})
	v.Server = httptest.NewServer(mux)
	t.Cleanup(v.Close)
	return v
}

// secret returns a secret and the number of writes of all secrets.
func (v *vault) secret(name string) (secret map[string]string, writes int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.secrets[name], v.writes
}

type vaultProvider struct{}

func (vaultProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "vault"
}
func (vaultProvider) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}
func (vaultProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}
func (vaultProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }
func (vaultProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return vaultSecret{} }}
}

// vaultSecret is the resource vault_kv_secret_v2.
type vaultSecret struct{}

func (vaultSecret) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "vault_kv_secret_v2"
}

func (vaultSecret) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"mount":                schema.StringAttribute{Required: true},
		"name":                 schema.StringAttribute{Required: true},
		"data_json_wo":         schema.StringAttribute{Optional: true, WriteOnly: true},
		"data_json_wo_version": schema.Int64Attribute{Optional: true},
	}}
}

func (vaultSecret) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	resp.Diagnostics.Append(writeVaultSecret(ctx, req.Config)...)
	resp.State.Raw = req.Plan.Raw
}

// Update writes the secret again only for another version, as Vault's provider does.
func (vaultSecret) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var before, after types.Int64
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("data_json_wo_version"), &before)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("data_json_wo_version"), &after)...)
	if !before.Equal(after) {
		resp.Diagnostics.Append(writeVaultSecret(ctx, req.Config)...)
	}
	resp.State.Raw = req.Plan.Raw
}

func (vaultSecret) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (vaultSecret) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var mount, name string
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("mount"), &mount)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("name"), &name)...)
	if err := callVault(ctx, http.MethodDelete, mount, name, nil); err != nil {
		resp.Diagnostics.AddError("Deleting the secret failed", err.Error())
	}
}

func writeVaultSecret(ctx context.Context, config tfsdk.Config) (diags diag.Diagnostics) {
	var mount, name, data string
	diags.Append(config.GetAttribute(ctx, path.Root("mount"), &mount)...)
	diags.Append(config.GetAttribute(ctx, path.Root("name"), &name)...)
	diags.Append(config.GetAttribute(ctx, path.Root("data_json_wo"), &data)...)
	if err := callVault(ctx, http.MethodPost, mount, name, []byte(`{"data":`+data+`}`)); err != nil {
		diags.AddError("Writing the secret failed", err.Error())
	}
	return diags
}

func callVault(ctx context.Context, method, mount, name string, body []byte) error {
	address := os.Getenv("VAULT_ADDR") + "/v1/" + mount + "/data/" + name
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("X-Vault-Token", os.Getenv("VAULT_TOKEN"))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // read to the end
	if text, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s: %w", resp.StatusCode, text, err)
	}
	return nil
}
