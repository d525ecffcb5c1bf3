#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs one peer of test/peers if it is not there and prints what is needed to start it, a line `name=value` each.
#   test/peers/get.sh spark | trino | duckdb | flink | flink-cdc-paimon | flink-paimon | spark-paimon | iceberg-rest | hive \
#     | paimon-rest
# The versions here are the ones that the results name; docs of what they can do: test/peers/README.md.
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
. "$here/lib.sh"

spark=3.5.9
spark_iceberg=1.12.0
trino=483
trino_client=0.340.0
duckdb=1.5.5
flink=1.20.3
flink_cdc=3.5.0
flink_iceberg=1.11.0
hadoop=3.4.2
mysql_driver=9.7.0
iceberg_rest=1.11.0
jetty=12.1.5
sqlite=3.54.1.0
rest_hadoop=3.3.4
# Flink with the newest Paimon; the newest Paimon for Flink 1.20, which Flink CDC needs; the newest for Spark.
flink_sql=2.0.2
flink_files=2.0.0
paimon=2.0.0
paimon_flink=1.3.1
paimon_spark=0.9.0
paimon_hadoop=3.3.4
mysql_driver=8.4.0
postgres_driver=42.7.14
hive=3.1.3
mockwebserver=4.12.0
hive_hadoop=3.3.6
pyiceberg=$(sed -nE 's/^pyiceberg==//p' "$here/../requirements.txt")
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

# Maven has no distribution of Flink; the source package of its Python libraries carries lib, opt and plugins.
get_flink() {
  flink_cluster "Iceberg $flink_iceberg" "$(flink_jars flink-iceberg \
    "org.apache.iceberg:iceberg-flink-runtime-1.20:$flink_iceberg")"
}

# The folder of Paimon's jar stands beside the others in the class path.
get_flink-cdc-paimon() {
  local paimon_jar
  paimon_jar=$(one_jar flink-cdc-paimon "org.apache.paimon:paimon-flink-1.20:$paimon_flink")
  flink_cluster "Paimon $paimon_flink" "$(flink_jars flink-cdc)"
  printf '%s\n' "sink_jars=$paimon_jar"
}

flink_jars() {  # NAME GROUP:ARTIFACT:VERSION...: with what every job needs
  jars "$1" "org.apache.flink:flink-sql-connector-mysql-cdc:$flink_cdc" \
    "com.mysql:mysql-connector-j:$mysql_driver" "${@:2}" \
    "org.apache.hadoop:hadoop-client-api:$hadoop" "org.apache.hadoop:hadoop-client-runtime:$hadoop" \
    "commons-logging:commons-logging:1.3.5"
}

flink_cluster() {  # SINK JARS
  local java home gateway
  java=$(java_home 17)
  home=$(under_lock flink flink_distribution)
  gateway=$(jars flink-sql-gateway "org.apache.flink:flink-sql-gateway:$flink")
  printf '%s\n' "version=Flink $flink, Flink CDC $flink_cdc, $1" "java=$java" "home=$home" "jars=$2" "gateway=$gateway"
}

flink_distribution() {
  local dir=$PEERS_HOME/flink log=$PEERS_HOME/flink-pip.log
  if [ "$(cat "$dir/complete" 2>/dev/null)" != "$flink" ]; then
    say "downloading Flink $flink"
    rm -rf "$dir"
    mkdir -p "$dir"
    python3 -m venv "$dir/venv" >"$log" 2>&1 || fail "python3 -m venv $dir/venv failed; hint: run scripts/setup"
    "$dir/venv/bin/python3" -m pip --disable-pip-version-check download --quiet --no-deps -d "$dir" \
      "apache-flink-libraries==$flink" </dev/null >>"$log" 2>&1 ||
      fail "pip cannot get apache-flink-libraries $flink: $(grep -m 1 -i error "$log" | cut -c 1-300)"
    tar -xzf "$dir/apache-flink-libraries-$flink.tar.gz" -C "$dir" --strip-components=2 --wildcards '*/deps/*'
    rm -r "$dir/venv" "$dir/apache-flink-libraries-$flink.tar.gz"
    printf '%s\n' "$flink" >"$dir/complete"
  fi
  printf '%s\n' "$dir"
}

# Paimon's jar brings its own libraries; Flink's SQL comes with what it needs.
get_flink-paimon() {
  local driver java jars paimon_jar postgres_jar sqlite_jar
  java=$(java_home 17)
  paimon_jar=$(one_jar flink-paimon "org.apache.paimon:paimon-flink-2.0:$paimon")
  jars=$(jars_with_dependencies flink-sql "org.apache.flink:flink-table-planner_2.12:$flink_sql" \
    "org.apache.flink:flink-table-runtime:$flink_sql" "org.apache.flink:flink-clients:$flink_sql" \
    "org.apache.flink:flink-connector-files:$flink_files" "org.apache.flink:flink-table-api-java-bridge:$flink_sql" \
    "org.apache.hadoop:hadoop-client-api:$paimon_hadoop" "org.apache.hadoop:hadoop-client-runtime:$paimon_hadoop" \
    "org.slf4j:slf4j-nop:1.7.36")
  driver=$(one_jar mysql-driver "com.mysql:mysql-connector-j:$mysql_driver")
  postgres_jar=$(one_jar postgres-driver "org.postgresql:postgresql:$postgres_driver")
  sqlite_jar=$(one_jar sqlite-driver "org.xerial:sqlite-jdbc:$sqlite")
  printf '%s\n' "version=Flink $flink_sql, Paimon $paimon" "java=$java" "jars=$jars" "paimon=$paimon_jar" \
    "drivers=$driver/*:$postgres_jar/*:$sqlite_jar"
}

get_spark-paimon() {
  local java jars python
  java=$(java_home 17)
  jars=$(one_jar spark-paimon "org.apache.paimon:paimon-spark-3.5:$paimon_spark")
  python=$(python_venv spark "pyspark==$spark")
  printf '%s\n' "version=Spark $spark, Paimon $paimon_spark" "python=$python" "java=$java" "jars=$jars"
}

# The servlet of Iceberg's own tests is in jars that have a classifier.
get_iceberg-rest() {
  local java jars servlet core
  java=$(java_home 17 25)
  jars=$(jars_with_dependencies iceberg-rest "org.apache.iceberg:iceberg-core:$iceberg_rest" \
    "org.eclipse.jetty.ee10:jetty-ee10-servlet:$jetty" "org.eclipse.jetty.compression:jetty-compression-server:$jetty" \
    "org.eclipse.jetty.compression:jetty-compression-gzip:$jetty" "org.xerial:sqlite-jdbc:$sqlite" \
    "org.apache.hadoop:hadoop-client-api:$rest_hadoop" "org.apache.hadoop:hadoop-client-runtime:$rest_hadoop" \
    "org.slf4j:slf4j-nop:2.0.17")
  servlet=$(one_jar iceberg-rest-servlet "org.apache.iceberg:iceberg-open-api:$iceberg_rest:jar:test-fixtures")
  core=$(one_jar iceberg-rest-core "org.apache.iceberg:iceberg-core:$iceberg_rest:jar:tests")
  printf '%s\n' "version=Iceberg REST $iceberg_rest" "java=$java" "jars=$servlet:$core:$jars"
}

# The server of Paimon's own tests, over the classes of flink-paimon.
get_paimon-rest() {
  local java jars tests
  java=$(java_home 17)
  tests=$(one_jar paimon-core-tests "org.apache.paimon:paimon-core:$paimon:jar:tests")
  jars=$(jars_with_dependencies paimon-rest "com.squareup.okhttp3:mockwebserver:$mockwebserver")
  printf '%s\n' "version=Paimon REST $paimon" "java=$java" "jars=$tests/*:$jars/*"
}

# The metastore alone, over Derby. Flink's Paimon speaks to it by the classes of Hive and of the Thrift of its time.
get_hive() {
  local java jars client python
  java=$(java_home 17)
  jars=$(EXCLUDED='jdk.tools:jdk.tools org.apache.hbase:* org.apache.hadoop:*' jars_with_dependencies hive \
    "org.apache.hive:hive-standalone-metastore:$hive" "org.apache.hadoop:hadoop-client-api:$hive_hadoop!" \
    "org.apache.hadoop:hadoop-client-runtime:$hive_hadoop!" "org.apache.hadoop:hadoop-hdfs:$hive_hadoop!" \
    "commons-cli:commons-cli:1.5.0" "commons-collections:commons-collections:3.2.2" \
    "commons-configuration:commons-configuration:1.10" "commons-logging:commons-logging:1.2" "commons-io:commons-io:2.15.1" \
    "org.apache.commons:commons-configuration2:2.8.0" "org.apache.derby:derby:10.14.2.0")
  client=$(jars hive-client "org.apache.hive:hive-exec:$hive" "org.apache.thrift:libthrift:0.9.3" \
    "org.apache.thrift:libfb303:0.9.3")
  python=$(python_venv hive "pyiceberg[hive]==$pyiceberg" "pyarrow==$pyarrow")
  printf '%s\n' "version=Hive metastore $hive" "java=$java" "jars=$jars" "client=$client/*" "python=$python"
}

case ${1:-} in
  spark | trino | duckdb | flink | flink-cdc-paimon | flink-paimon | spark-paimon | iceberg-rest | hive | \
    paimon-rest) "get_$1" ;;
  *) fail "usage: get.sh spark|trino|duckdb|flink|flink-cdc-paimon|flink-paimon|spark-paimon|iceberg-rest|hive|paimon-rest" ;;
esac
