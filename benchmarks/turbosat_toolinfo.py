"""BenchExec's tool-info module of turbosat: <benchmark tool="turbosat.benchmarks.turbosat_toolinfo">.

Source: Beyer, Löwe, Wendler: Reliable Benchmarking: Requirements and Solutions, STTT 2019.
"""

from typing import Any

import benchexec.result as result
import benchexec.tools.template


class Tool(benchexec.tools.template.BaseTool2):  # type: ignore[misc] # BenchExec ships no types
    """Tool info of turbosat, a hybrid SAT solver: SATISFIABLE is true, UNSATISFIABLE false."""

    def executable(self, tool_locator: Any) -> str:
        """Find the program, in the tool's directory, its bin/, or on PATH."""
        found: str = tool_locator.find_executable("turbosat", subdir="bin")
        return found

    def name(self) -> str:
        """Return the name shown in tables."""
        return "turbosat"

    def version(self, executable: str) -> str:
        """Return what --version prints, without the name."""
        version: str = self._version_from_tool(executable)
        return version.removeprefix("turbosat").strip()

    def cmdline(self, executable: str, options: list[str], task: Any, rlimits: Any) -> list[str]:
        """Return the command of one run.

        BenchExec enforces its limits; turbosat hears of them to stop, and to choose its engines, by itself.
        """
        limits = []
        if rlimits.walltime:
            limits.append(f"--time={rlimits.walltime}")
        if rlimits.memory:
            limits.append(f"--memory={max(1, rlimits.memory // 1_000_000)}")
        if rlimits.cpu_cores:
            limits.append(f"--workers={rlimits.cpu_cores}")
        return [executable, *limits, *options, task.single_input_file]

    def determine_result(self, run: Any) -> str:
        """Return the status by the one `s` line there is; more of them, or none, are an error."""
        answers = [line[2:].strip() for line in run.output if line.startswith("s ")]
        statuses = {
            "SATISFIABLE": result.RESULT_TRUE_PROP,
            "UNSATISFIABLE": result.RESULT_FALSE_PROP,
            "UNKNOWN": result.RESULT_UNKNOWN,
        }
        if len(answers) != 1:
            return str(result.RESULT_ERROR)
        return str(statuses.get(answers[0], result.RESULT_ERROR))
