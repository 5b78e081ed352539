#!/usr/bin/env bash
# Takes Bascule out of an account, with the AWS CLI (1 or 2) and nothing else. What is left is an export of the ledger.
#
#   uninstall.sh EXPORT                            writes every item of the ledger to this new file, then deletes the table, the stack and,
#                                                  after the seven days that AWS KMS wants, the key of the table
#
# Refuses while an execution of Bascule runs, a schedule of it waits (a cleanup, a deadline, a watch), or a migration has not ended, and names
# each. It can be run again at any time until the stack is gone. BASCULE_STACK names the stack (bascule).
set -euo pipefail

stack=${BASCULE_STACK:-bascule}

output() {
  aws cloudformation describe-stacks --stack-name "$stack" --output text --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}

physical() {
  aws cloudformation describe-stack-resource --stack-name "$stack" --logical-resource-id "$1" --output text \
    --query StackResourceDetail.PhysicalResourceId
}

# A line for everything that is not over.
unfinished() {
  local machine group
  for machine in MigrateMachineArn RollbackMachineArn CleanupMachineArn; do
    aws stepfunctions list-executions --state-machine-arn "$(output "$machine")" --status-filter RUNNING --output text \
      --query 'executions[].[executionArn]' | sed -n 's/^arn:/an execution runs: arn:/p'
  done
  group=$(physical ScheduleGroup)
  aws scheduler list-schedules --group-name "$group" --output text --query 'Schedules[].[Name]' | sed -n '/^None$/d; s/^/a schedule waits: /p'
  aws dynamodb scan --table-name "$1" --consistent-read --output text --query 'Items[].[life.S, pk.S]' --filter-expression 'sk = :meta AND life <> :ended' \
    --expression-attribute-values '{":meta": {"S": "META"}, ":ended": {"S": "ended"}}' | sed -n '/^None$/d; s/\tMIGRATION#/: /; s/^/a migration has not ended, it is /p'
}

refuse_unless_over() {
  local left
  left=$(unfinished "$1")
  [ -z "$left" ] && return
  printf '%s\n' "$left" "Nothing was deleted. Let these end, start bascule-rollback, or let bascule-cleanup run, and run this again." >&2
  return 1
}

items() {
  aws dynamodb scan --table-name "$1" --consistent-read --select COUNT --output text --query Count | awk '{ all += $1 } END { print all + 0 }'
}

# Every item as DynamoDB writes it. Task tokens are blanked: they are void by now, and yet were secrets.
export_to() {
  local table=$1 file=$2 written
  if ! (umask 077 && set -o noclobber && : >"$file") 2>/dev/null; then
    echo "$file cannot be written, or is there already: name a new file" >&2
    return 1
  fi
  aws dynamodb scan --table-name "$table" --consistent-read --output json --query Items |
    awk '/^ *"token": \{$/ { print; getline; sub(/"S": ".*"/, "\"S\": \"void\"") } { print }' >"$file"
  written=$(grep -c '^ *"pk": {$' "$file" || true)
  if [ "$written" != "$(items "$table")" ]; then
    echo "$file has $written items, and the table $(items "$table"): nothing was deleted" >&2
    return 1
  fi
  echo "exported: $written items of $table to $file"
}

[ $# = 1 ] || {
  sed -n '2,/^set -euo/s/^# \{0,1\}//p' "$0" >&2
  exit 2
}
table=$(physical Ledger) key=$(physical EncryptionKey)
if aws dynamodb describe-table --table-name "$table" --output text --query Table.TableStatus >/dev/null 2>&1; then
  refuse_unless_over "$table"
  export_to "$table" "$1"
  # Once more: whatever began meanwhile is in no export.
  refuse_unless_over "$table"
  aws dynamodb update-table --table-name "$table" --no-deletion-protection-enabled --output text --query TableDescription.TableStatus >/dev/null
  aws dynamodb wait table-exists --table-name "$table"
  aws dynamodb delete-table --table-name "$table" --output text --query TableDescription.TableStatus >/dev/null
  aws dynamodb wait table-not-exists --table-name "$table"
  echo "deleted: the table $table"
fi
if [ "$(aws kms describe-key --key-id "$key" --output text --query KeyMetadata.KeyState)" != PendingDeletion ]; then
  aws kms schedule-key-deletion --key-id "$key" --pending-window-in-days 7 --output text --query DeletionDate >/dev/null
  echo "to be deleted in seven days: the key $key"
fi
aws cloudformation delete-stack --stack-name "$stack"
aws cloudformation wait stack-delete-complete --stack-name "$stack"
echo "deleted: the stack $stack"
