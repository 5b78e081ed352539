#!/usr/bin/env bash
# Bascule from a terminal or a pipeline, with the AWS CLI (1 or 2) and its usual credentials and Region.
#
#   bascule.sh plan INPUT.json            a dry run; prints the plan as JSON, or every problem
#   bascule.sh start NAME INPUT.json      starts the migration NAME and prints its ARN
#   bascule.sh follow ARN [STATE]         shows the states as they are entered, and ends as the execution does, or once it enters STATE
#   bascule.sh approve ARN [QUESTION]     says yes to the question that is asked now (qualification, or cleanup); `reject` says no
#   bascule.sh rollback ARN [REASON]      gives production back to blue, and follows that
#   bascule.sh cleanup ARN now|never|TIME starts the cleanup, cancels it, or moves it to a time such as 2026-12-24T03:00:00 (UTC)
#   bascule.sh report ARN                 the audit: when, what, by which function
#
# BASCULE_STACK names the stack (bascule), BASCULE_POLL the seconds between two looks (15), BASCULE_BY who answers ($USER).
set -euo pipefail

stack="${BASCULE_STACK:-bascule}"
poll="${BASCULE_POLL:-15}"

fail() {
  printf 'bascule: %s\n' "$*" >&2
  exit 1
}

usage() {
  sed -n '2,/^set /{/^#/s/^# \{0,1\}//p;}' "$0" >&2
  exit 2
}

# One output of the stack.
output() {
  local value
  value=$(aws cloudformation describe-stacks --stack-name "$stack" --output text \
    --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue")
  [[ -n $value && $value != None ]] || fail "the stack $stack has no output $1; is BASCULE_STACK right?"
  printf '%s\n' "$value"
}

# What the ledger has of a migration: the beginning of the sort key, what is wanted of the items, more options.
ledger() {
  local values
  values=$(printf '{":pk": {"S": "MIGRATION#%s"}, ":sk": {"S": "%s"}}' "$1" "$2")
  aws dynamodb query --table-name "$table" --consistent-read --output text --query "$3" \
    --key-condition-expression 'pk = :pk AND begins_with(sk, :sk)' --expression-attribute-values "$values" "${@:4}"
}

begin() {
  aws stepfunctions start-execution --state-machine-arn "$1" --name "$2" --input "$3" --query executionArn --output text
}

describe() {
  aws stepfunctions describe-execution --execution-arn "$1" --query "$2" --output text
}

follow() {
  local arn=$1 until=${2:-} shown=0 status names name
  while :; do
    status=$(describe "$arn" status)
    names=$(aws stepfunctions get-execution-history --execution-arn "$arn" --output text \
      --query 'events[?stateEnteredEventDetails].[stateEnteredEventDetails.name]')
    while read -r name; do
      printf '%s %s\n' "$(date -u +%FT%TZ)" "$name"
      shown=$((shown + 1))
      [[ $name != "$until" ]] || return 0
    done < <(tail -n "+$((shown + 1))" <<<"$names" | sed '/^$/d')
    case $status in
      RUNNING) sleep "$poll" ;;
      SUCCEEDED)
        describe "$arn" output
        [[ -z $until ]] || fail "it ended without entering $until"
        return 0
        ;;
      *)
        describe "$arn" '[error, cause]' | tr '\t' '\n' >&2
        fail "the execution $arn ended $status"
        ;;
    esac
  done
}

plan() {
  local input arn digest
  input=$(<"$1")
  [[ $input != *'"dryRun"'* ]] || fail "take dryRun out of $1: this command sets it"
  input="{\"dryRun\": true, ${input#*\{}"
  arn=$(begin "$(output MigrateMachineArn)" "plan-$(date -u +%Y%m%dT%H%M%S)-$$" "$input")
  follow "$arn" >&2
  digest=$(ledger "$arn" META 'Items[0].digest.S')
  [[ -n $digest && $digest != None ]] || fail "the ledger has no plan of $arn"
  # A large plan is in several items; within its JSON tabs and line breaks are escaped.
  ledger "$arn" "PLAN#$digest#" 'Items[].part.S' | tr -d '\t\n'
  printf '\n'
}

# Answers the question that is asked now, bound to the digest of what is shown.
answer() {
  local decision=$1 arn=$2 question=${3:-qualification} digest payload result error format=()
  digest=$(ledger "$arn" "APPROVAL#$question#" 'Items[-1].digest.S')
  [[ -n $digest && $digest != None ]] || fail "nobody is asked about $question of $arn yet"
  payload=$(printf '{"migrationId": "%s", "approvalId": "%s", "digest": "%s", "decision": "%s", "by": "%s"}' \
    "$arn" "$question" "$digest" "$decision" "${BASCULE_BY:-${USER:-pipeline}}")
  [[ $(aws --version 2>&1) != aws-cli/1.* ]] && format=(--cli-binary-format raw-in-base64-out)
  result=$(mktemp)
  trap 'rm -f "$result"' RETURN
  error=$(aws lambda invoke --function-name bascule-decide "${format[@]}" --payload "$payload" --output text \
    --query FunctionError "$result")
  cat "$result"
  printf '\n'
  [[ $error == None || -z $error ]] || fail "the answer was not taken"
}

cleanup() {
  local arn=$1 when=$2 name target
  if [[ $when == now ]]; then
    begin "$(output CleanupMachineArn)" "cleanup-$(date -u +%Y%m%dT%H%M%S)" "{\"migrationId\": \"$arn\"}"
    return
  fi
  name=$(ledger "$arn" 'RESOURCE#temporary#Schedule#cleanup' 'Items[0].id.S')
  [[ -n $name && $name != None ]] || fail "no cleanup of $arn is scheduled"
  if [[ $when == never ]]; then
    aws scheduler delete-schedule --group-name bascule --name "$name"
    return
  fi
  target=$(aws scheduler get-schedule --group-name bascule --name "$name" --query Target --output json)
  aws scheduler update-schedule --group-name bascule --name "$name" --schedule-expression "at($when)" \
    --flexible-time-window Mode=OFF --action-after-completion DELETE --target "$target" >/dev/null
}

[[ $# -gt 0 ]] || usage
command=$1
shift
case "$command:$#" in
  plan:1 | follow:[12] | start:2 | approve:[12] | reject:[12] | rollback:[12] | cleanup:2 | report:1) ;;
  *) usage ;;
esac
table=$(output LedgerTable)
case $command in
  plan | follow | cleanup) "$command" "$@" ;;
  start) begin "$(output MigrateMachineArn)" "$1" "$(<"$2")" ;;
  approve) answer approved "$@" ;;
  reject) answer rejected "$@" ;;
  rollback)
    follow "$(begin "$(output RollbackMachineArn)" "rollback-$(date -u +%Y%m%dT%H%M%S)" \
      "{\"migrationId\": \"$1\", \"reason\": \"${2:-Requested}\"}")"
    ;;
  report) ledger "$1" EVENT# 'Items[].[at.S, what.S, by.S]' ;;
esac
