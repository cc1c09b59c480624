#!/bin/sh
# Runs the provider with examples/demo, and fails if the results are not as expected:
#
#   apify-emulator -- demo.sh CLI [PROVIDER]
#
# CLI is terraform or tofu. PROVIDER is the provider's binary or its release zip. Without PROVIDER,
# the CLI installs the provider from the network mirror at MIRROR_URL. `make demo` runs this script.
set -eu

cli=$(command -v "$1")
provider=${2:-$MIRROR_URL}
case $cli in
/*) ;;
*) cli=$PWD/$cli ;;
esac
root=$(cd "$(dirname "$0")/.." && pwd)

# The demo deletes its datasets, so it must not run against a real account.
case ${APIFY_API_BASE_URL:-} in
http://127.0.0.1:* | http://localhost:* | http://\[::1\]:*) ;;
*)
	echo "demo.sh: APIFY_API_BASE_URL is not the address of an emulator; run make demo" >&2
	exit 2
	;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# A file or a CI log must not contain color codes.
color=
[ -t 1 ] || color=-no-color

heading() {
	printf '\n=== %s\n' "$*"
}

# run prints a command of the CLI and runs it.
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

# A plain init installs the provider from a mirror that contains only this provider, and sends no
# request to a registry.
case $provider in
https://*)
	# The configuration of the guide "Install from a mirror".
	sed "s|https://terraform-mirror.example.com/|$provider|" "$root/examples/cli/network-mirror.tfrc" >"$work/cli.tfrc"
	;;
*)
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
	;;
esac
# Plugins, caches and credentials in the user's home directory must have no effect.
mkdir "$work/home"
export HOME="$work/home"
export TF_CLI_CONFIG_FILE="$work/cli.tfrc" CHECKPOINT_DISABLE=1

mkdir "$work/demo"
cp "$root"/examples/demo/*.tf "$work/demo/"
cd "$work/demo"

heading 'Show the configuration'
cat main.tf

heading 'Install the provider from a mirror'
run init >init.log || {
	cat init.log
	fail 'init failed'
}
cat init.log
case $provider in
https://*) grep -q 'Installed apify/apify .*(verified checksum)' init.log || fail 'init did not verify the checksum' ;;
esac

heading 'Create the datasets'
run plan -out=plan
run apply plan
id=$(output products_id)

heading 'Apply again: no changes'
run apply -auto-approve
run plan -detailed-exitcode || fail "a plan after an apply exited with $?"
[ "$(output products_id)" = "$id" ] || fail 'the ID of the dataset has changed'

heading 'Delete the state and apply again: the provider adopts the same dataset'
printf '\n$ rm terraform.tfstate\n'
rm terraform.tfstate
run apply -auto-approve >apply.log || {
	cat apply.log
	fail 'apply without state failed'
}
cat apply.log
grep -q 'be adopted' apply.log || fail 'apply did not report the adoption'
[ "$(output products_id)" = "$id" ] || fail 'the ID of the dataset has changed'
run plan -detailed-exitcode || fail "a plan after the adoption exited with $?"

heading 'Show the outputs for other configurations and readers'
run output
run output -raw products_items_public_url
echo

heading 'Clean up'
run destroy -auto-approve
[ -z "$("$cli" state list)" ] || fail 'destroy left resources in state'
# If the dataset still existed, the plan would warn that it will be adopted.
"$cli" plan -no-color >plan.log || fail 'a plan after destroy failed'
! grep -q 'will be adopted' plan.log || fail 'destroy left the dataset on the server'

heading 'Done'
echo "The provider created, adopted and deleted dataset $id. Your own Terraform configuration was not changed."
