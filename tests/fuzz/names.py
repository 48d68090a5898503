"""Names that files have somewhere: of shells, of terminals, of compressors, of this program's own options."""

# What a shell would make of them is a file called CANARY.
CANARIES = (
    *("$(touch CANARY).cnf", "`touch CANARY`.cnf", "x;touch CANARY;y.gz", "a|touch CANARY|.xz"),
    *("&touch CANARY&.bz2", "$(touch CANARY).7z", "'$(touch CANARY)'.lzma", "$(touch CANARY).gz"),
    *(";touch CANARY;", '"$(touch CANARY)".zst', "\\$(touch CANARY)"),
)
SPECIAL = (
    *("a b.cnf", "q'uote.cnf", 'double"quote.cnf', "my formula.gz", "x 1 2 0", "c.cnf", "*.cnf"),
    *("-dash.cnf", "-n", "--help", "-", "~", "~root", ".hidden", "./dot.cnf", "sub/folder.cnf"),
    *("new\nline.cnf", "return\rline.cnf", "\x1b[31mred\x1b[0m.cnf", "bell\x07.cnf", "\u202egnp.cnf"),
    *("not\udcff\udcfeutf8.cnf", "ünï-漢字.cnf", "%s%d%n{0}{x}.cnf", "[bold]x[/bold].cnf"),
    *("plain.cnf.gz", "plain.xz", "plain.7z", "plain.zst", "long" * 61 + ".cnf"),
    *("memory.cnf", "killed by signal 9.cnf", "parse error.cnf"),  # words of messages
)
SUFFIXES = {".gz": "gzip", ".bz2": "bzip2", ".xz": "xz", ".lzma": "lzma", ".zst": "zstd", ".7z": "7z"}
