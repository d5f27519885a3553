# Become a test host: a Debian of its own (files, processes, network, host name), which this machine's settings do not leave.
# Started by lab.py inside new namespaces: bash host.sh FOLDER BASE NAME ADDRESS/PREFIX GATEWAY systemd|plain
set -eu
folder=$1 base=$2 name=$3 address=$4 gateway=$5 kind=$6
root=$folder/mounted

mount --make-rprivate /
mkdir -p "$folder/changes" "$folder/work" "$root"
mount -t overlay -o "lowerdir=$base,upperdir=$folder/changes,workdir=$folder/work" "$name" "$root"
# Containers' layers cannot lie on an overlay, so /var is a plain folder.
mount --bind "$folder/var" "$root/var"
echo "$name" >/proc/sys/kernel/hostname

mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755 cgroup "$root/sys/fs/cgroup"
while IFS=: read -r _ controllers _; do
    case $controllers in
    "") mkdir "$root/sys/fs/cgroup/unified" && mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup/unified" ;;
    name=*) mkdir "$root/sys/fs/cgroup/${controllers#name=}" && mount -t cgroup -o "none,$controllers" cgroup "$root/sys/fs/cgroup/${controllers#name=}" ;;
    *) mkdir "$root/sys/fs/cgroup/$controllers" && mount -t cgroup -o "$controllers" cgroup "$root/sys/fs/cgroup/$controllers" ;;
    esac
done </proc/self/cgroup

mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null:1:3 zero:1:5 full:1:7 random:1:8 urandom:1:9 tty:5:0 kmsg:1:11 fuse:10:229; do
    IFS=: read -r file major minor <<<"$device"
    mknod -m 666 "$root/dev/$file" c "$major" "$minor"
done
mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"

# These settings belong to the whole machine, so a host may not change them: it gets files of its own in their place.
for file in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    where=${file%%=*}
    mkdir -p "$root/run/settings/${where%/*}"
    echo "${file#*=}" >"$root/run/settings/$where"
    mount --bind "$root/run/settings/$where" "$root/proc/sys/$where"
done

ip link set lo up
ip address add "$address" dev eth0
ip link set eth0 up
ip route add default via "$gateway"

cd "$root"
pivot_root . mnt
umount --lazy mnt
mount --make-rshared /
exec </dev/null >/var/log/console 2>&1
if [ "$kind" = systemd ]; then
    exec env -i container=thinkube-test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=console --show-status=no
fi
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin /bin/bash -c '
    mkdir -p /run/sshd /run/lock && /usr/sbin/sshd
    trap "exit 0" TERM
    while :; do sleep 86400 & wait $!; done  # whatever has lost its parent is this process to bury
'
