#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs one peer of test/peers if it is not there and prints what is needed to start it, a line `name=value` each.
#   test/peers/get.sh spark | trino | duckdb
# The versions here are the ones that the results name; docs of what they can do: test/peers/README.md.
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/lib.sh"

spark=3.5.9
spark_iceberg=1.12.0
trino=483
trino_client=0.340.0
duckdb=1.5.5
pyarrow=$(sed -nE 's/^pyarrow==//p' "$here/../requirements.txt")

get_spark() {
  local java jars python
  java=$(java_home 17)
  jars=$(jars spark-iceberg "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:$spark_iceberg")
  python=$(python_venv spark "pyspark==$spark")
  printf '%s\n' "version=Spark $spark, Iceberg $spark_iceberg" "python=$python" "java=$java" "jars=$jars"
}

get_trino() {
  local java jars python
  java=$(java_home 25 26)
  jars=$(jars_with_dependencies trino "io.trino:trino-testing:$trino" "io.trino:trino-iceberg:$trino" \
    "io.trino:trino-filesystem-manager:$trino")
  python=$(python_venv trino "trino==$trino_client")
  printf '%s\n' "version=Trino $trino" "python=$python" "java=$java" "jars=$jars"
}

get_duckdb() {
  local python
  python=$(python_venv duckdb "duckdb==$duckdb" "duckdb-extension-iceberg==$duckdb" "duckdb-extension-avro==$duckdb" \
    "duckdb-extension-httpfs==$duckdb" "duckdb-extension-icu==$duckdb" "pyarrow==$pyarrow")
  printf '%s\n' "version=DuckDB $duckdb" "python=$python"
}

case ${1:-} in
  spark | trino | duckdb) "get_$1" ;;
  *) fail "usage: get.sh spark|trino|duckdb" ;;
esac
