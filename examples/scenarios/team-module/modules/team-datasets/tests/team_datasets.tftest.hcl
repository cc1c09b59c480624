# Run it with APIFY_TOKEN set: `terraform test` creates these datasets and deletes them again.

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
    error_message = "Without a level of its own a dataset has to be restricted."
  }

  assert {
    condition     = !apify_dataset.this["private"].force_destroy && apify_dataset.this["scratch"].force_destroy
    error_message = "Only disposable datasets may be deleted with their items."
  }

  assert {
    condition     = alltrue([for dataset in apify_dataset.this : !dataset.adopt_existing])
    error_message = "No existing dataset may be adopted."
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
    error_message = "The names have to be the team's name and the dataset's."
  }

  assert {
    condition     = output.ids["open"] == apify_dataset.this["open"].id && length(output.ids) == 3
    error_message = "The ids have to be in the output, by name."
  }
}
