# SPDX-License-Identifier: Apache-2.0
sluice flink run -d paimon-flink-action-1.4.2.jar \
  mysql_sync_database \
  --warehouse file://$LAKE \
  --database shop \
  --including_tables 'customers_[0-9]+' \
  --mysql_conf hostname=$DB_HOST --mysql_conf port=$DB_PORT --mysql_conf username=flow --mysql_conf password=flow-secret \
  --mysql_conf database-name='shop_[0-9]+' --mysql_conf server-time-zone='UTC' \
  --table_conf bucket=1 --table_conf changelog-producer=input
# Shards merge by table name: shop.customers_1 holds ids 310 (one row of two) and 311, shop.customers_2 holds 320.
