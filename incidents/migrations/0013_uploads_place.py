from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0012_search_of_what_is_there")]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="place",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Which form of the person's it is for.",
                max_length=40,
                verbose_name="place",
            ),
            preserve_default=False,
        ),
    ]
