# Become a node: a root file system of its own, in which nothing of this machine can be changed.
# Started by node.py inside new mount, network and UTS namespaces: bash node.sh ROOT NAME PROGRAMS
set -eu
root=$1 name=$2 programs=$3

echo "$name" >/proc/sys/kernel/hostname
ip link set lo up
echo 1 >/proc/sys/net/ipv4/ip_forward
echo 0 >/proc/sys/net/ipv4/icmp_ratelimit # "unreachable" is said to every pod that asks, at once

mount --bind "$root" "$root"

# Programs of this machine, read-only. "extra" adds folders that must exist (/usr/lib/modules) where the machine lacks them.
mount -t overlay -o "ro,lowerdir=$root/../extra:/usr" thinkube "$root/usr"
for folder in bin sbin lib lib32 lib64; do
    if [ -L "/$folder" ]; then
        ln -sfn "$(readlink "/$folder")" "$root/$folder"
    elif [ -d "/$folder" ]; then
        mkdir -p "$root/$folder"
        mount --bind -o ro "/$folder" "$root/$folder"
    fi
done
for folder in /etc/ssl /etc/alternatives; do
    if [ -d "$folder" ]; then
        mkdir -p "$root$folder"
        mount --bind -o ro "$folder" "$root$folder"
    fi
done
mount --bind -o ro "$programs" "$root/opt/thinkube/bin"

mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mkdir -p "$root/run/lock"

# The kubelet insists on these values, which belong to the whole machine: it reads them here and writes nothing.
for file in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1 \
    kernel/keys/root_maxkeys=1000000 kernel/keys/root_maxbytes=25000000; do
    where=${file%%=*}
    mkdir -p "$root/run/sysctl/${where%/*}"
    echo "${file#*=}" >"$root/run/sysctl/$where"
    mount --bind "$root/run/sysctl/$where" "$root/proc/sys/$where"
done

cd "$root"
pivot_root . .
umount --lazy .
mount --make-rshared /

echo ready
exec >/dev/null
exec -a "thinkube/$name" sleep infinity
