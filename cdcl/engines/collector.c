// What CaDiCaL learns while it searches, in a ring: a Learner and a FixedAssignmentListener as its classes are
// laid out by the C++ ABI of Itanium, a pointer to a table of methods first, the two destructors before others.
// One thread searches and writes, another reads; turbosat/cdcl/engines/collector.py makes it and knows its parts.
#include <stdbool.h>
#include <stdint.h>

#define SHOWN __attribute__((visibility("default")))

struct collector {
    const void *learner, *listener; // pointers to tables of methods
    int64_t longest;                // literals of a clause that is kept
    int64_t mask;                   // entries of the ring, a power of two, less one
    int64_t listening;              // whether fixed literals are kept
    int64_t learned;                // clauses that CaDiCaL spoke of
    int64_t lost;                   // for want of room
    int64_t left;                   // literals of the clause that comes, 0 for none
    int64_t next;                   // where it is written
    int64_t written, read;          // entries ever: whole clauses, each behind its size
    int32_t *ring;
};

static void put(struct collector *collector, int32_t entry)
{
    collector->ring[collector->next++ & collector->mask] = entry;
}

static bool room(struct collector *collector, int64_t size)
{
    int64_t read = __atomic_load_n(&collector->read, __ATOMIC_ACQUIRE);
    if (collector->written + size + 1 - read > collector->mask + 1) {
        collector->lost++;
        return false;
    }
    collector->next = collector->written;
    put(collector, (int32_t)size);
    return true;
}

static void publish(struct collector *collector)
{
    __atomic_store_n(&collector->written, collector->next, __ATOMIC_RELEASE);
}

// Learner: ~Learner, FixedAssignmentListener: ~FixedAssignmentListener. Nobody calls them.
SHOWN void collector_gone(void *object)
{
}

// Learner::learning
SHOWN bool collector_learning(struct collector *collector, int size)
{
    collector->learned++;
    collector->left = 0;
    if (size < 1 || size > collector->longest || !room(collector, size))
        return false;
    collector->left = size;
    return true;
}

// Learner::learn
SHOWN void collector_learn(struct collector *collector, int literal)
{
    if (literal) {
        if (collector->left-- > 0)
            put(collector, literal);
    } else if (collector->left == 0) {
        publish(collector);
    }
}

// FixedAssignmentListener::notify_fixed_assignment; it is a part of the collector's, one pointer behind.
SHOWN void collector_fixed(const void **part, int literal)
{
    struct collector *collector = (struct collector *)(part - 1);
    if (__atomic_load_n(&collector->listening, __ATOMIC_RELAXED) && room(collector, 1)) {
        put(collector, literal);
        publish(collector);
    }
}

// Take out all clauses there are: literals and offsets, which begin with 0, get the shortest of them, as long as
// they have `most` literals together. Returns how many these are.
SHOWN int64_t collector_take(struct collector *collector, int64_t most, int32_t *literals, int64_t *offsets)
{
    int64_t end = __atomic_load_n(&collector->written, __ATOMIC_ACQUIRE), taken = 0, at = 0;
    for (int64_t size = 1; size <= collector->longest; size++) {
        for (int64_t place = collector->read; place < end;) {
            int64_t length = collector->ring[place++ & collector->mask];
            if (length == size && at + size <= most) {
                for (int64_t i = 0; i < size; i++)
                    literals[at++] = collector->ring[(place + i) & collector->mask];
                offsets[++taken] = at;
            }
            place += length;
        }
    }
    __atomic_store_n(&collector->read, end, __ATOMIC_RELEASE);
    return taken;
}
