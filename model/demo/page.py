"""The web page of the demo: an image, a vocabulary, and the results of all three tasks.

The only file of `model` that imports gradio, which only `dataseg demo` needs.
"""

import os
from collections.abc import Callable
from html import escape
from pathlib import Path

import skimage
from PIL import Image

# Before Gradio is imported: no telemetry.
os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")

import gradio as gr
from gradio.themes import Base

from model.demo.demo import Demo
from o365seg.errors import InputError

EXAMPLE = "chelsea.png"
"""A photograph that ships inside scikit-image; CC0 by its photographer, Stefan van der Walt."""

_PAGE_CSS = """
footer { display: none !important; }
.result .icon-button-wrapper { top: auto; bottom: 4px; }  /* off the legend */
"""
_ABOUT = """# DaTaSeg
Segment an image by your own classes, as **{checkpoint}** does: panoptic, semantic and instance
results come from one forward pass. Images stay on the machine that runs this page.
"""
_CLASSES = "Separated by commas. Add `:stuff` to classes that cannot be counted, as in `sky:stuff`."


def make_page(demo: Demo, checkpoint: str, vocabulary: str) -> gr.Blocks:
    """Build the page.

    Args:
        demo: Predicts the results.
        checkpoint: Name of the model to show.
        vocabulary: The classes at the start.
    """
    with gr.Blocks(title="DaTaSeg", analytics_enabled=False) as page:
        gr.Markdown(_ABOUT.format(checkpoint=checkpoint.replace("*", "")))
        with gr.Row():
            with gr.Column(scale=2):
                image = gr.Image(type="filepath", label="Image", sources=["upload", "clipboard"])
                classes = gr.Textbox(vocabulary, label="Classes", info=_CLASSES, lines=3)
                with gr.Accordion("Thresholds", open=False):
                    confidence = gr.Slider(
                        0, 1, 0.8, label="Class probability of panoptic segments"
                    )
                    shown = gr.Slider(0, 1, 0.3, label="Minimum score of drawn instances")
                modules = gr.Dropdown(
                    list(demo.module_names),
                    value=demo.module_names[0] if demo.module_names else None,
                    label="Dataset-specific modules",
                    visible=bool(demo.module_names),
                )
                button = gr.Button("Segment", variant="primary")
                example = Path(skimage.data_dir) / EXAMPLE
                if example.is_file():
                    gr.Examples([[str(example)]], [image], label="Example (CC0, S. van der Walt)")
            with gr.Column(scale=3), gr.Tabs():
                pictures = []
                for task in ("Panoptic", "Semantic", "Instance"):
                    with gr.Tab(task):
                        pictures.append(
                            gr.Image(
                                label=task, show_label=False, format="png", interactive=False,
                                buttons=["download", "fullscreen"],  # no sharing elsewhere
                                elem_classes="result",
                            )
                        )  # fmt: skip
        inputs = [image, classes, confidence, shown, modules]
        gr.on(
            [button.click, classes.submit],
            _answer(demo),
            inputs,
            pictures,
            api_visibility="private",
        )
    return page


def _answer(demo: Demo) -> Callable[..., tuple[Image.Image, Image.Image, Image.Image]]:
    def answer(
        image: str | None, classes: str, confidence: float, shown: float, modules: str | None
    ) -> tuple[Image.Image, Image.Image, Image.Image]:
        if image is None:
            raise gr.Error("Choose an image first.", print_exception=False)
        try:
            found = demo.segment(Path(image), classes, confidence, shown, modules)
        except InputError as error:
            raise gr.Error(_shown(error), print_exception=False) from None
        return found.panoptic, found.semantic, found.instance

    return answer


def _shown(error: InputError) -> str:
    """The error as text: Gradio shows messages as HTML, and parts may come from a file."""
    return escape(str(error).removeprefix("--vocabulary: "))


def serve_page(page: gr.Blocks, host: str, port: int) -> None:
    """Serve until Ctrl-C.

    Raises:
        InputError: the port is in use.
    """
    try:
        page.launch(
            server_name=host,
            server_port=port,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
            ssr_mode=False,
            footer_links=[],
            # Gradio's default theme loads its fonts from the web.
            theme=Base(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
            css=_PAGE_CSS,
        )
    except OSError:
        message = f"cannot listen on {host} port {port}; try another --port"
        raise InputError(message) from None
    print(f"\n  {page.local_url}\n\nCtrl-C stops the server.\n", flush=True)
    page.block_thread()
