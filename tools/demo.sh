#!/bin/sh
# Shows what the provider does with examples/demo, and fails where it does anything else:
#
#   apify-emulator -- demo.sh CLI PROVIDER
#
# CLI is terraform or tofu, PROVIDER the provider's binary or its release zip. `make demo` runs it.
set -eu

cli=$(command -v "$1")
provider=$2
case $cli in
/*) ;;
*) cli=$PWD/$cli ;;
esac
root=$(cd "$(dirname "$0")/.." && pwd)

# The demo deletes what it made: it is not for a real account.
case ${APIFY_API_BASE_URL:-} in
http://127.0.0.1:* | http://localhost:* | http://\[::1\]:*) ;;
*)
	echo "demo.sh: APIFY_API_BASE_URL is no emulator's; run make demo" >&2
	exit 2
	;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Output that goes to a file or a CI log is the better for having no colours.
color=
[ -t 1 ] || color=-no-color

heading() {
	printf '\n=== %s\n' "$*"
}

# run shows a command of the CLI and runs it.
run() {
	printf '\n$ %s %s\n' "$(basename "$cli")" "$*"
	subcommand=$1
	shift
	"$cli" "$subcommand" ${color:+"$color"} "$@"
}

output() {
	"$cli" output -raw "$1"
}

fail() {
	printf '\nThe demo failed: %s.\n' "$*" >&2
	exit 1
}

# A mirror that holds only this provider, so that a plain init finds it and no registry is asked.
platform=$("$cli" version | sed -n 's/^on //p')
for host in registry.terraform.io registry.opentofu.org; do
	package=$work/mirror/$host/apify/apify
	case $provider in
	*.zip)
		mkdir -p "$package"
		cp "$provider" "$package/"
		;;
	*)
		mkdir -p "$package/0.1.0/$platform"
		cp "$provider" "$package/0.1.0/$platform/terraform-provider-apify_v0.1.0"
		;;
	esac
done
cat >"$work/cli.tfrc" <<EOF
provider_installation {
  filesystem_mirror {
    path = "$work/mirror"
  }
}
EOF
export TF_CLI_CONFIG_FILE="$work/cli.tfrc" CHECKPOINT_DISABLE=1

mkdir "$work/demo"
cp "$root"/examples/demo/*.tf "$work/demo/"
cd "$work/demo"

heading 'The configuration'
cat main.tf

heading 'The provider, from a local mirror'
run init

heading 'Create the datasets'
run plan -out=plan
run apply plan
id=$(output products_id)

heading 'Apply again: nothing to change'
run apply -auto-approve
run plan -detailed-exitcode || fail "a plan after an apply exited with $?"
[ "$(output products_id)" = "$id" ] || fail 'the dataset is another one'

heading 'Lose the state, apply again: the same dataset, adopted by its name'
printf '\n$ rm terraform.tfstate\n'
rm terraform.tfstate
run apply -auto-approve >apply.log || {
	cat apply.log
	fail 'apply without a state failed'
}
cat apply.log
grep -q 'dataset adopted' apply.log || fail 'the adoption was not told'
[ "$(output products_id)" = "$id" ] || fail 'the dataset is another one'
run plan -detailed-exitcode || fail "a plan after the adoption exited with $?"

heading 'What other configurations and people get'
run output
run output -raw products_items_public_url
echo

heading 'Clean up'
run destroy -auto-approve
[ -z "$("$cli" state list)" ] || fail 'destroy left something in the state'
# A plan would warn of the dataset if it still had its name.
"$cli" plan -no-color >plan.log || fail 'a plan after destroy failed'
! grep -q 'will be adopted' plan.log || fail 'destroy left the dataset on the server'

heading 'Done'
echo "Dataset $id was created once, adopted once, and is gone. Your own Terraform set-up was not touched."
