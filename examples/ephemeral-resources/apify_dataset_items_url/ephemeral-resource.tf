resource "apify_dataset" "orders" {
  name           = "orders"
  general_access = "RESTRICTED"
}

# A URL of the items as CSV. It is valid for 30 days and is not stored.
ephemeral "apify_dataset_items_url" "orders" {
  dataset_id = apify_dataset.orders.id
  expires_in = "720h"
  format     = "csv"
  fields     = ["sku", "price"]
}

# Readers get the URL from a secret store. Terraform does not store a write-only argument.
resource "vault_kv_secret_v2" "orders_url" {
  mount                = "secret"
  name                 = "orders-url"
  data_json_wo         = jsonencode({ url = ephemeral.apify_dataset_items_url.orders.url })
  data_json_wo_version = 1 # a higher number writes a new URL
}
