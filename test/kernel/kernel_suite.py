"""What Jupyter's own suite, jupyter_kernel_test, asks of a kernel."""

import unittest

import jupyter_kernel_test


class TypeScriptKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "tslab"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = 'console.log("hello, world")'
    code_stderr = 'console.error("oops")'
    completion_samples = [
        {"text": "Mat", "matches": {"Math"}},
        {"text": "Math.cei", "matches": {"ceil"}},
        {"text": 'import "node:fs/pro', "matches": {"promises"}},
    ]
    complete_code_samples = ["1", "const a = [1, 2]", "function f() { return 1 }", "await null", "// a comment"]
    incomplete_code_samples = ["const s = `abc", "const x = ", "const x: ", "f(", "if (true) {", "/* open"]
    invalid_code_samples = ["}", "const 1x = 2", "let let = )"]
    code_generate_error = 'throw new RangeError("too far")'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": "'a' + 'b'", "result": "'ab'"},
        {"code": "[1, 2].map((n) => n * 2)", "result": "[ 2, 4 ]"},
        {"code": "await Promise.resolve(7)", "result": "7"},
    ]
    code_display_data = [
        {"code": f'import {{ display }} from "tslab"; display.{form}', "mime": mime}
        for form, mime in [
            ('html("<b>bold</b>")', "text/html"),
            ('markdown("**bold**")', "text/markdown"),
            ('png(Buffer.from("iVBORw0KGgo=", "base64"))', "image/png"),
        ]
    ]
    supported_history_operations = ("tail", "range", "search")
    # The suite expects one cell, run several times: it is one of code_execute_result.
    code_history_pattern = "6 ? 7"
    code_inspect_sample = "Math.max"
    code_clear_output = '(globalThis as any)[Symbol.for("kernel-helpers.publish")].clearOutput()'

    # Not claimed: code_page_something. There is no pager in JupyterLab nor in VS Code; help is Shift+Tab.


# Not claimed: IopubWelcomeTests. The message comes with protocol 5.4 and an XPUB socket, which tells of
# subscribers; ours is declared as 5.3, and no front end waits for it where kernel_info is answered.

if __name__ == "__main__":
    unittest.main()
