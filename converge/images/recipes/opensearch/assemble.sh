#!/bin/sh
# assemble.sh JARS HOME: the server's folder, made of its libraries. Modules are known to it by folders with a descriptor, which the
# published archive has and the jars have not; what a module needs beside the server's own libraries lies in its folder.
set -eu
jars=$1 home=$2
version=$(basename "$jars"/opensearch-2.*.jar .jar | cut -d- -f2)
install -d "$home/bin" "$home/extensions" "$home/lib" "$home/modules" "$home/plugins"  # which the server would make, and may not
cp "$jars"/*.jar "$home/lib/"

# module NAME CLASS EXTENDS PATTERN...
module() {
  name=$1 class=$2 extends=$3 folder=$home/modules/$1
  shift 3
  mkdir "$folder"
  for pattern; do
    mv "$home/lib/"$pattern "$folder/"
  done
  cat > "$folder/plugin-descriptor.properties" <<END
name=$name
description=module $name
version=$version
opensearch.version=$version
java.version=11
classname=org.opensearch.$class
extended.plugins=$extends
has.native.controller=false
END
}

# may NAME PERMISSION...: what Java's security manager lets a module do.
may() {
  policy=$home/modules/$1/plugin-security.policy
  shift
  { echo 'grant {'; printf '  permission %s;\n' "$@"; echo '};'; } > "$policy"
}

module transport-netty4 transport.Netty4Plugin '' 'transport-netty4-*' 'netty-*'
may transport-netty4 'java.net.SocketPermission "*", "accept,connect"' 'java.lang.RuntimePermission "getClassLoader"' \
  'java.lang.RuntimePermission "setContextClassLoader"' 'java.util.PropertyPermission "sun.nio.ch.bugLevel", "write"' \
  'java.io.FilePermission "/proc/sys/net/core/somaxconn", "read"'
module reindex index.reindex.ReindexPlugin '' 'reindex-*' 'opensearch-rest-client-*' 'opensearch-ssl-config-*' 'http*' 'commons-*'
module mapper-extras index.mapper.MapperExtrasPlugin '' 'mapper-extras-*'
module parent-join join.ParentJoinPlugin '' 'parent-join-*'
module percolator percolator.PercolatorPlugin '' 'percolator-*'
module rank-eval index.rankeval.RankEvalPlugin '' 'rank-eval-*'
module aggs-matrix-stats search.aggregations.matrix.MatrixAggregationPlugin '' 'aggs-matrix-stats-*'
module analysis-common analysis.common.CommonAnalysisPlugin '' 'analysis-common-*'
module lang-painless painless.PainlessPlugin '' 'lang-painless-*' 'antlr4-*' 'asm-*' 'opensearch-scripting-painless-spi-*'
may lang-painless 'java.lang.RuntimePermission "createClassLoader"' 'java.lang.RuntimePermission "getClassLoader"'
module ingest-common ingest.common.IngestCommonPlugin lang-painless 'ingest-common-*' 'opensearch-grok-*' 'opensearch-dissect-*' 'joni-*' 'jcodings-*'
