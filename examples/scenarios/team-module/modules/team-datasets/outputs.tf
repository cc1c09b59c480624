output "ids" {
  description = "The datasets' ids by name (without the team's)."
  value       = { for name, dataset in apify_dataset.this : name => dataset.id }
}

output "console_urls" {
  description = "The datasets' pages in Apify Console by name (without the team's)."
  value       = { for name, dataset in apify_dataset.this : name => dataset.console_url }
}
