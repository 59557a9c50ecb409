"""The registry file that an administrator sends from the page."""

from django import forms
from django.core.files.uploadedfile import UploadedFile

LARGEST_FILE_BYTES = 2 * 1024 * 1024


class RegisterForm(forms.Form):
    file = forms.FileField(
        label="Registry file (YAML)",
        help_text="The same file as for the command register. Running it twice changes nothing.",
        widget=forms.FileInput(attrs={"accept": ".yaml,.yml,text/yaml"}),
    )

    def clean_file(self) -> str:
        upload: UploadedFile = self.cleaned_data["file"]
        if (upload.size or 0) > LARGEST_FILE_BYTES:
            raise forms.ValidationError("The file is larger than 2 MB; split it.")
        try:
            return upload.read().decode("utf-8")
        except UnicodeDecodeError as error:
            raise forms.ValidationError("The file is not UTF-8 text.") from error
