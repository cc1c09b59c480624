# Creates datasets on the account of the environment variable APIFY_TOKEN, and deletes them:
#
#   terraform test -filter=tests/real.tftest.hcl
#
# The runs are those of mocked.tftest.hcl.

variables {
  team = "tftest"
  datasets = {
    open    = { general_access = "ANYONE_WITH_ID_CAN_READ" }
    private = {}
    scratch = { disposable = true }
  }
}

run "plans_safe_defaults" {
  command = plan

  assert {
    condition     = apify_dataset.this["private"].general_access == "RESTRICTED"
    error_message = "A dataset without a configured access level must be restricted."
  }

  assert {
    condition     = !apify_dataset.this["private"].force_destroy && apify_dataset.this["scratch"].force_destroy
    error_message = "force_destroy must be true for disposable datasets only."
  }

  assert {
    condition     = alltrue([for dataset in apify_dataset.this : !dataset.adopt_existing])
    error_message = "The module must not adopt existing datasets."
  }
}

run "rejects_bad_team_names" {
  command = plan

  variables {
    team = "No_Such-Team"
  }

  expect_failures = [var.team]
}

run "creates_the_datasets" {
  assert {
    condition     = toset([for dataset in apify_dataset.this : dataset.name]) == toset(["tftest-open", "tftest-private", "tftest-scratch"])
    error_message = "A name must consist of the name of the team and the key of the dataset."
  }

  assert {
    condition     = output.ids["open"] == apify_dataset.this["open"].id && length(output.ids) == 3
    error_message = "The output must contain the IDs by name."
  }
}
