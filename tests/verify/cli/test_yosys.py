"""Designs in Verilog through Yosys: netlists are equal after synthesis, a fault is found and replayed.

Skipped where Yosys and Icarus Verilog are not installed.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = ("yosys", "iverilog", "vvp")
PLAIN = "prep -flatten -top circuit; techmap; aigmap"
MAPPED = "synth -flatten -top circuit; abc -g AND,XOR,MUX; aigmap"

ALU = """
module circuit(input [7:0] a, input [7:0] b, input [2:0] op, output reg [7:0] y, output zero, output carry);
    wire [8:0] sum = op[0] ? {1'b0, a} - {1'b0, b} : {1'b0, a} + {1'b0, b};
    assign carry = sum[8];
    assign zero = y == 0;
    always @* case (op)
        0, 1: y = sum[7:0];
        2: y = a & b;
        3: y = a | b;
        4: y = a ^ b;
        5: y = {7'b0, $signed(a) < $signed(b)};
        6: y = a << b[2:0];
        default: y = $signed(a) >>> b[2:0];
    endcase
endmodule
"""
# The operator's multiplier is the synthesiser's; this one adds rows, the next one compresses columns.
ROWS = """
module circuit(input [WIDTH-1:0] a, input [WIDTH-1:0] b, output [2*WIDTH-1:0] p);
    parameter WIDTH = 8;
    genvar i;
    wire [2*WIDTH-1:0] row [0:WIDTH];
    assign row[0] = 0;
    generate for (i = 0; i < WIDTH; i = i + 1) begin : rows
        assign row[i+1] = row[i] + ((b[i] ? {{WIDTH{1'b0}}, a} : {(2*WIDTH){1'b0}}) << i);
    end endgenerate
    assign p = row[WIDTH];
endmodule
"""
COLUMNS = """
module circuit(input [WIDTH-1:0] a, input [WIDTH-1:0] b, output [2*WIDTH-1:0] p);
    parameter WIDTH = 8;
    genvar i;
    wire [2*WIDTH-1:0] sum [0:WIDTH], carry [0:WIDTH];
    assign sum[0] = 0;
    assign carry[0] = 0;
    generate for (i = 0; i < WIDTH; i = i + 1) begin : rows
        wire [2*WIDTH-1:0] part = (b[i] ? {{WIDTH{1'b0}}, a} : {(2*WIDTH){1'b0}}) << i;
        assign sum[i+1] = sum[i] ^ carry[i] ^ part;
        assign carry[i+1] = ((sum[i] & carry[i]) | (sum[i] & part) | (carry[i] & part)) << 1;
    end endgenerate
    assign p = sum[WIDTH] + carry[WIDTH];
endmodule
"""
# A name, the two designs, how the second is synthesised, and a fault of it.
CASES = {
    "alu": (ALU, ALU, MAPPED, ("$signed(a) >>> b[2:0]", "$signed(a) >> b[2:0]")),
    "alu-compare": (ALU, ALU, MAPPED, ("$signed(a) < $signed(b)", "$signed(a) <= $signed(b)")),
    "multiplier": (ROWS, COLUMNS, PLAIN, ("(sum[i] & carry[i]) |", "(sum[i] | carry[i]) &")),
    "multiplier-mapped": (ROWS, COLUMNS, MAPPED, ("carry[0] = 0", "carry[0] = 1 << (2*WIDTH-1)")),
}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not all(map(shutil.which, PROGRAMS)), reason="Yosys or Icarus Verilog is missing"),
]


def called(*command: str, ends: int = 0) -> str:
    """Run a command that must end with this code; return what it says."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == ends, done.stdout + done.stderr
    return done.stdout


def netlist(place: Path, name: str, design: str, passes: str) -> Path:
    """Let Yosys synthesise a design and write it as AIGER with names."""
    source, target = place / f"{name}.v", place / f"{name}.aig"
    source.write_text(design)
    called("yosys", "-q", "-p", f"read_verilog -sv {source}; {passes}; write_aiger -symbols {target}")
    return target


def replayed(place: Path, name: str, ports: dict[str, int]) -> dict[str, str]:
    """Simulate a design's source on these values of its inputs; return its outputs as words of bits."""
    source = place / f"{name}.v"
    declared = re.findall(r"(input|output)(?: reg)?(?: \[([^]]*)\])? (\w+)", source.read_text().split(";")[0])
    widths = {word: (wide.replace("WIDTH", "8") if wide else "0:0") for _, wide, word in declared}
    inputs = [word for kind, _, word in declared if kind == "input"]
    outputs = [word for kind, _, word in declared if kind == "output"]
    lines = ["module bench;"]
    lines += [f"reg [{widths[word]}] {word} = {ports[word]};" for word in inputs]
    lines += [f"wire [{widths[word]}] {word};" for word in outputs]
    lines += [
        f"circuit tested({', '.join(f'.{word}({word})' for word in [*inputs, *outputs])});",
        "initial begin #1;",
    ]
    lines += [f'$display("{word} %b", {word});' for word in outputs]
    bench, program = place / f"{name}-bench.v", place / f"{name}.vvp"
    bench.write_text("\n".join([*lines, "end", "endmodule", ""]))
    called("iverilog", "-g2012", "-o", str(program), str(bench), str(source))
    return dict(line.split() for line in called("vvp", "-n", str(program)).splitlines())


def values(line_words: list[str]) -> dict[str, int]:
    """Return the inputs' values from the `v` lines, vectors put together."""
    found: dict[str, int] = {}
    for word in line_words:
        name, bit = word.rsplit("=", 1)
        vector = re.fullmatch(r"(.*)\[(\d+)\]", name)
        base, place = (vector[1], int(vector[2])) if vector else (name, 0)
        found[base] = found.get(base, 0) | int(bit) << place
    return found


@pytest.mark.parametrize("case", CASES)
def test_what_yosys_synthesises_is_equal_and_a_fault_is_found_and_replayed(case: str, tmp_path: Path) -> None:
    first, second, passes, (right, wrong) = CASES[case]
    assert right in second
    before = netlist(tmp_path, "before", first, PLAIN)
    verify = (sys.executable, "-m", "turbosat.verify.cli.main", "equiv", "--time", "120", str(before))
    said = called(*verify, str(netlist(tmp_path, "after", second, passes)), ends=20)
    assert "s EQUIVALENT" in said

    faulty = netlist(tmp_path, "faulty", second.replace(right, wrong), passes)
    told = tmp_path / "told.json"
    said = called(*verify, str(faulty), "--json", str(told), ends=10)
    words = [word for line in said.splitlines() if line.startswith("v ") for word in line[2:].split()]
    ports = values(words)
    one, other = (replayed(tmp_path, name, ports) for name in ("before", "faulty"))
    differing = {
        f"{word}[{at}]" if len(bits) > 1 else word
        for word, bits in one.items()
        for at, (a, b) in enumerate(zip(bits[::-1], other[word][::-1], strict=True))
        if a != b
    }
    (verdict,) = json.loads(told.read_text())["verdicts"]
    assert differing == {each["name"] for each in verdict["differences"]} != set()
