# shellcheck shell=bash
#
# A JAR from Java sources, with the compiler that Tomcat uses for its pages: it needs a
# Java runtime only. Sourced, after debian.sh.

# make_jar JAR SOURCES: compiles all that lies below SOURCES, against Tomcat, and packs
# it with the resources beside it.
make_jar() {
	local jar=$1 sources=$2 java=${JAVA_RUNTIME:-/usr/lib/jvm/default-java}/bin/java
	local work=${jar%/*}/.work class_path
	type -P python3 >/dev/null || {
		echo "python3 is needed to pack JARs: apt-get install python3" >&2
		return 1
	}
	unpack "$work/debian" libtomcat10-java libeclipse-jdt-core-java || return
	class_path=$(printf '%s:' "$work"/debian/usr/share/java/tomcat10-*.jar)
	cp -R -- "$sources" "$work/classes"
	"$java" -XX:TieredStopAtLevel=1 -cp "$work/debian/usr/share/java/eclipse-jdt-core.jar" \
		org.eclipse.jdt.internal.compiler.batch.Main -proc:none -warn:none -encoding UTF-8 \
		-source 11 -target 11 -cp "$class_path" "$work/classes" || return
	find "$work/classes" -name '*.java' -delete
	# The same bytes each time.
	find "$work/classes" -exec touch -h -d @315532800 {} +
	(cd -- "$work/classes" && python3 -m zipfile -c "$jar" ./*) || return
	rm -rf -- "$work"
}
